"""Jeton's default paths, as far as this site serves them."""

from django.urls import path
from rest_framework_simplejwt import views as simple_jwt

from reference.views import Logout, Me

urlpatterns = [
    path("api/token/", simple_jwt.token_obtain_pair),
    path("api/token/refresh/", simple_jwt.token_refresh),
    path("api/token/verify/", simple_jwt.token_verify),
    path("api/token/blacklist/", simple_jwt.token_blacklist),
    path("api/token/sliding/", simple_jwt.token_obtain_sliding),
    path("api/token/sliding/refresh/", simple_jwt.token_refresh_sliding),
    path("api/logout/", Logout.as_view()),
    path("api/me/", Me.as_view()),
]

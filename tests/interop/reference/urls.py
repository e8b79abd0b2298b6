"""Jeton's default paths, as far as this site serves them."""

from django.urls import path
from rest_framework.authtoken.views import ObtainAuthToken
from rest_framework_simplejwt import views as simple_jwt

from reference import ways_in
from reference.views import Logout, Me


def both(*pairs):
    """Each view at each of its paths."""
    return [path(route, view) for routes, view in pairs for route in routes]


ALIAS = "api/v1/users/login/simpleJWT"
urlpatterns = both(
    (["api/token/", ALIAS], simple_jwt.token_obtain_pair),
    (["api/token/refresh/", f"{ALIAS}/refresh"], simple_jwt.token_refresh),
    (["api/token/verify/", f"{ALIAS}/verify"], simple_jwt.token_verify),
    (["api/token/blacklist/"], simple_jwt.token_blacklist),
    (["api/token/sliding/"], simple_jwt.token_obtain_sliding),
    (["api/token/sliding/refresh/"], simple_jwt.token_refresh_sliding),
    (["api/logout/"], Logout.as_view()),
    (["api/me/"], Me.as_view()),
    (["api/token-auth/"], ObtainAuthToken.as_view()),
    (["api/v1/signup/"], ways_in.CookieSignup.as_view()),
    (["api/v1/login/"], ways_in.CookieLogin.as_view()),
    (["api/v1/logout/"], ways_in.CookieLogout.as_view()),
    (["api/v1/token/refresh/"], ways_in.CookieRefresh.as_view()),
    (["api/v1/users/login"], ways_in.SessionLogin.as_view()),
    (["api/v1/users/logout"], ways_in.SessionLogout.as_view()),
    (["api/v1/users/login/jwt"], ways_in.JwtLogin.as_view()),
    (["api/v1/users/login/jwt/info"], ways_in.JwtInfo.as_view()),
)

"""A token made by hand, in a header of its own. DRF's views load it by its path, so it must not import them."""

import jwt
from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed


class JwtHeader(BaseAuthentication):
    """A token made by hand, in the header `jwt-auth`."""

    def authenticate(self, request):
        token = request.headers.get("jwt-auth")
        if not token:
            return None
        try:
            payload = jwt.decode(token, settings.SECRET_KEY, algorithms=["HS256"])
        except jwt.ExpiredSignatureError as error:
            raise AuthenticationFailed("Token has expired") from error
        except jwt.DecodeError as error:
            raise AuthenticationFailed("Error decoding token") from error
        from django.contrib.auth.models import User

        number = payload.get("id")
        if not number:
            raise AuthenticationFailed("Invalid Token")
        try:
            return User.objects.get(id=number), token
        except User.DoesNotExist as error:
            raise AuthenticationFailed("User not found") from error

"""The ways in that tutorials build by hand: a session, a token in a header of its own, a refresh token in a cookie."""

import unicodedata

import jwt
from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import JsonResponse
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.exceptions import InvalidToken, TokenError
from rest_framework_simplejwt.serializers import (
    TokenBlacklistSerializer,
    TokenObtainPairSerializer,
    TokenRefreshSerializer,
)
from rest_framework_simplejwt.views import TokenObtainPairView, TokenViewBase

from reference.jwt_header import JwtHeader


def typed(request):
    """The name and password of a login, neither of them checked."""
    username, password = request.data.get("username"), request.data.get("password")
    if not username or not password:
        raise ParseError
    return {"username": username, "password": password}


class SessionLogin(APIView):
    permission_classes = [AllowAny]

    def post(self, request):
        user = authenticate(request._request, **typed(request))
        if user is None:
            return Response(status=403)
        login(request._request, user)
        return Response(settings.SITE.get("session_login_body"))


class SessionLogout(APIView):
    permission_classes = [IsAuthenticated]

    def post(self, request):
        logout(request._request)
        return Response()


class JwtLogin(APIView):
    permission_classes = [AllowAny]

    def post(self, request):
        user = authenticate(request._request, **typed(request))
        payload = {"id": user.id, "username": user.username}
        return Response({"token": jwt.encode(payload, settings.SECRET_KEY, algorithm="HS256")})


class JwtInfo(APIView):
    authentication_classes = [JwtHeader]
    permission_classes = [IsAuthenticated]

    def get(self, request):
        return Response({"id": request.user.id, "username": request.user.username})


def in_json(code, message, **further):
    """The envelope is JSON, whatever the client would rather have."""
    compact = {"separators": (",", ":")}
    return JsonResponse({"code": code, "message": message, **further}, status=code, json_dumps_params=compact)


def signed_in(code, message, refresh, access):
    response = in_json(code, message, token={"access": str(access)})
    response.set_cookie(
        "refresh",
        str(refresh),
        max_age=int(settings.SIMPLE_JWT_REFRESH_SECONDS),
        httponly=True,
        samesite="Lax",
        secure=settings.SITE.get("refresh_cookie_secure", False),
    )
    return response


class CookieLogin(TokenObtainPairView):
    def post(self, request, *args, **kwargs):
        data = super().post(request, *args, **kwargs).data
        return signed_in(200, "login success", data["refresh"], data["access"])


class FromCookie(TokenViewBase):
    """A view whose one field comes from the cookie."""

    def validated(self, request):
        serializer = self.get_serializer(data={"refresh": request.COOKIES.get("refresh", "")})
        try:
            serializer.is_valid(raise_exception=True)
        except TokenError as error:
            raise InvalidToken(error.args[0]) from error
        return serializer.validated_data


class CookieRefresh(FromCookie):
    serializer_class = TokenRefreshSerializer

    def post(self, request, *args, **kwargs):
        access = self.validated(request)["access"]
        return in_json(200, "new accessToken", token={"access": access})


class CookieLogout(FromCookie):
    serializer_class = TokenBlacklistSerializer

    def post(self, request, *args, **kwargs):
        self.validated(request)
        response = in_json(200, "logout success")
        response.delete_cookie("refresh", samesite="Lax")
        return response


class SignupSerializer(serializers.ModelSerializer):
    password = serializers.CharField(trim_whitespace=False, write_only=True)

    class Meta:
        model = User
        fields = ["username", "password", "email"]

    def validate_username(self, username):
        return unicodedata.normalize("NFKC", username)

    def validate(self, fields):
        try:
            validate_password(fields["password"], User(**fields))
        except ValidationError as error:
            raise serializers.ValidationError({"password": error.messages}) from error
        return fields

    def create(self, fields):
        return User.objects.create_user(**fields)


class CookieSignup(TokenViewBase):
    serializer_class = SignupSerializer

    def post(self, request, *args, **kwargs):
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        refresh = TokenObtainPairSerializer.get_token(serializer.save())
        return signed_in(201, "signup success", refresh, refresh.access_token)

"""The two views that Simple JWT leaves to each site."""

from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.exceptions import InvalidToken, TokenError
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken


class Me(APIView):
    permission_classes = [IsAuthenticated]

    def get(self, request):
        return Response({"id": request.user.id, "username": request.user.username})

    post = get


class Logout(APIView):
    """Ends one refresh token of the body, or all of the caller's."""

    permission_classes = [IsAuthenticated]

    def post(self, request):
        if request.data.get("all"):
            for token in OutstandingToken.objects.filter(user=request.user):
                BlacklistedToken.objects.get_or_create(token=token)
            return Response({"status": "OK, goodbye, all refresh tokens blacklisted"})
        try:
            RefreshToken(request.data.get("refresh_token")).blacklist()
        except TokenError as error:
            raise InvalidToken(error.args[0]) from error
        return Response({"status": "OK, goodbye"})

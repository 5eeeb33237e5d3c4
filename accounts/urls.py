"""Addresses of sign-in, profile and people."""

from django.urls import path

from . import token_views, views

app_name = "accounts"
urlpatterns = [
    path("sign-in/", views.SignIn.as_view(), name="sign_in"),
    path("sign-in/again/", views.SignInAgain.as_view(), name="sign_in_again"),
    path("sign-out/", views.sign_out, name="sign_out"),
    path("preferences/", views.preferences, name="preferences"),
    path("profile/", views.profile, name="profile"),
    path("password/", views.password, name="password"),
    path("people/", views.people_list, name="people"),
    path("people/new/", views.person_create, name="person_create"),
    path("people/<int:pk>/", views.person_page, name="person"),
    path("people/<int:pk>/grant/", views.role_grant, name="role_grant"),
    path("people/<int:pk>/switch/", views.person_switch, name="person_switch"),
    path("grants/<int:pk>/end/", views.role_end, name="role_end"),
    path("tokens/", token_views.token_list, name="tokens"),
    path("tokens/new/", token_views.token_create, name="token_create"),
    path("tokens/<int:pk>/revoke/", token_views.token_revoke, name="token_revoke"),
]

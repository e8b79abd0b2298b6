"use strict";

// Shows the schema that the page names. Tokens are kept by this page alone, until it is closed.
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

const place = document.getElementById("swagger-ui");

// Django's defence: what the cookie says goes back in a header, where it is a call to this very site.
function withCsrfToken(request) {
  const prefix = `${place.dataset.csrfCookie}=`;
  const token = document.cookie.split("; ").find((pair) => pair.startsWith(prefix))?.slice(prefix.length);
  if (token && new URL(request.url, location.href).origin === location.origin) {
    request.headers[place.dataset.csrfHeader] = token;
  }
  return request;
}

window.ui = SwaggerUIBundle({
  domNode: place,
  url: place.dataset.schema,
  deepLinking: true,
  displayRequestDuration: true,
  layout: "BaseLayout",
  persistAuthorization: false,
  requestInterceptor: withCsrfToken,
  presets: [SwaggerUIBundle.presets.apis],
  tryItOutEnabled: true,
  validatorUrl: null,
});

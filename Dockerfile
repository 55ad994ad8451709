# Built with everything, run with only the runtime and the published files, by a user without rights.
FROM --platform=$BUILDPLATFORM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source

# The packages first: this layer is built again only when they change. global.json stays outside, the
# image's own SDK is the one that is wanted here.
COPY Directory.Build.props Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY src/HipaaTemplate.Api/HipaaTemplate.Api.csproj src/HipaaTemplate.Api/packages.lock.json src/HipaaTemplate.Api/
RUN dotnet restore src/HipaaTemplate.Api --locked-mode

COPY src/ src/
# On x64 compiled ahead of time, which halves the time to ready; elsewhere the portable files.
ARG TARGETARCH=amd64
RUN if [ "$TARGETARCH" = amd64 ]; then runtime="--runtime linux-musl-x64"; fi; \
    dotnet publish src/HipaaTemplate.Api --configuration Release --no-restore --output /published \
    $runtime -p:UseAppHost=false -p:DebugType=embedded

# Alpine: small, and with the shell that a platform may run the pre-deploy command through.
FROM mcr.microsoft.com/dotnet/aspnet:10.0-alpine
# Time zones, for AUDIT_ALERT_TIME_ZONE.
RUN apk add --no-cache tzdata
WORKDIR /app
COPY --from=build /published ./

# PORT says where to listen; the image's own setting would only be overridden with a warning.
# DOTNET_GCgen0size: 4 MiB (hexadecimal) before the youngest objects are collected. The runtime takes
# the size of the processor's cache, which on servers is tens of MiB for each instance.
ENV ASPNETCORE_HTTP_PORTS= \
    DOTNET_EnableDiagnostics=0 \
    DOTNET_GCgen0size=400000 \
    PORT=8000
EXPOSE 8000

# The image's user "app", by number, so that an orchestrator can see that it is not root.
USER $APP_UID

# The binary asks itself: nothing but the runtime is in the image.
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 \
    CMD ["dotnet", "HipaaTemplate.Api.dll", "healthcheck"]

ENTRYPOINT ["dotnet", "HipaaTemplate.Api.dll"]

"""The build secrets of this machine: how its pip, uv and apt reach their packages. No layer keeps them."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

_NAMES = (
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "PIP_DEFAULT_TIMEOUT",
    "UV_DEFAULT_INDEX",
    "UV_INDEX_URL",
    "UV_HTTP_TIMEOUT",
    "DEBIAN_MIRROR",
    "DEBIAN_SECURITY_MIRROR",
    "http_proxy",
    "https_proxy",
    "no_proxy",
)
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


def write_secrets(folder: Path, environment: Mapping[str, str]) -> None:
    """Writes build-settings, build-ca and build-apt, each when this machine has something to say.

    A user's own files, named by TOKENLAKE_BUILD_SETTINGS, …_CA and …_APT, take their places.
    """
    folder.mkdir(parents=True, exist_ok=True)
    settings = [f"{name}='{environment[name]}'" for name in _NAMES if environment.get(name)]
    if settings:
        (folder / "build-settings").write_text("\n".join(settings) + "\n")
    bundle = Path(environment.get("SSL_CERT_FILE", _CERTIFICATES))
    if bundle.is_file():
        shutil.copyfile(bundle, folder / "build-ca")
    (folder / "build-apt").write_text(_apt_settings())
    for secret in ("build-settings", "build-ca", "build-apt"):
        own = environment.get(f"TOKENLAKE_{secret.upper().replace('-', '_')}")
        if own:
            shutil.copyfile(own, folder / secret)


def _apt_settings() -> str:
    """How apt of this machine downloads."""
    if not shutil.which("apt-config"):
        return ""
    done = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True, env={**os.environ})
    kept = ("Acquire::http", "Acquire::https", "Acquire::Check-", "Acquire::Retries")
    return "".join(f"{line}\n" for line in done.stdout.splitlines() if line.startswith(kept) and '""' not in line)

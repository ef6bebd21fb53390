"""What a store has refused, in a message for the user.

Answers of stores can hold keys and signatures: none of that enters a message.
"""

import re

from pipelines.errors import TokenlakeError, causes

_ANSWER = re.compile(r"<Code>(\w+)</Code>")
_MESSAGE = re.compile(r"<Message>([^<]*)</Message>")

_KEYS = "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, for temporary keys, AWS_SESSION_TOKEN"
# Scheme -> what holds the keys of a store that is not S3.
_OTHER_KEYS = {
    "gs": "GOOGLE_SERVICE_ACCOUNT",
    "abfss": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
    "az": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
}

# Codes of S3's answers (docs.aws.amazon.com, "Error responses") -> what to do.
_ADVICE = {
    "InvalidAccessKeyId": f"the store does not know the access key. Check {_KEYS}",
    "XAdminUserNotFound": f"the store does not know the access key. Check {_KEYS}",  # VersityGW's, with status 404
    "SignatureDoesNotMatch": f"the secret key does not belong to the access key. Check {_KEYS}",
    "ExpiredToken": f"the temporary keys have expired. Renew {_KEYS}, then run the same command again",
    "InvalidToken": f"the session token is not valid. Check {_KEYS}",
    "AccessDenied": "the store refuses this to these keys. Give them the right to list, read, write and delete there",
    "AuthorizationHeaderMalformed": "the bucket lies in another region. Set AWS_REGION to its region",
    "NoSuchBucket": "the bucket does not exist. Create it, or name another",
    "RequestTimeTooSkewed": "this machine's clock differs from the store's. Set it",
    "SlowDown": "the store asked for fewer requests for too long. Run the same command again later",
    "ServiceUnavailable": "the store was not available for too long. Run the same command again later",
    "InternalError": "the store failed for too long. Run the same command again later",
}
_SIGNS = (
    (
        re.compile(
            r"no CredentialProvider|credentials? (?:could not|provider)|NoCredentials|Missing(?:Access|Secret)|"
            r"not signed|UnauthenticatedError|169\.254\.\d+\.\d+",
            re.IGNORECASE,
        ),
        f"no keys of the store are set. Set {_KEYS} (docs/how-to/object-stores.md)",
    ),
    (
        re.compile(r"Connection refused|dns error|ConnectError|error sending request|timed out", re.IGNORECASE),
        "the store does not answer. Check AWS_ENDPOINT_URL and the network",
    ),
    (
        re.compile(
            r"50[0234]\b.*(?:Service Unavailable|Slow Down|Internal|Bad Gateway|Gateway Timeout)", re.IGNORECASE
        ),
        "the store was not available for too long. Run the same command again later",
    ),
)


_CUT = re.compile(
    r"(?:reading a body|(?:request or|list) response body|connection (?:closed|reset)|incomplete message)",
    re.IGNORECASE,
)
_PASSING = re.compile(
    r"SlowDown|ServiceUnavailable|InternalError|RequestTimeout\b|\b50[0234] (?:Service|Slow|Internal|Bad|Gateway)|"
    r"(?:reading a|request or response) body|connection (?:closed|reset)|error sending request|incomplete message|"
    r"does not answer|not available for too long|failed for too long|Premature end of Content-Length",
    re.IGNORECASE,
)


def passes(error: BaseException) -> bool:
    """Whether an error, or one that caused it, is of a store that is away for a while: later it may serve again."""
    return any(_PASSING.search(str(each)) for each in causes(error))


def was_cut(error: BaseException) -> bool:
    """Whether an error, or one that caused it, is of an answer that ended too early."""
    return any(_CUT.search(str(each)) for each in causes(error))


class StorageError(TokenlakeError, OSError):
    """A store did not do what it was asked; the message says what to do."""

    @staticmethod
    def of(path: str, error: BaseException) -> "StorageError":
        """For what a store's library has raised."""
        advised = advice(str(error))
        keys = _OTHER_KEYS.get(path.partition("://")[0])
        if advised and keys:
            advised = advised.replace(_KEYS, keys)
        return StorageError(f"{path}: {advised or said(error)}")


def advice(text: str) -> str | None:
    """What is wrong, and what to do, from an error message of any library that speaks to a store; None if unknown."""
    codes = _ANSWER.findall(text)
    known = next((code for code in codes if code in _ADVICE), None)
    if known is None:
        known = next((code for code in _ADVICE if re.search(rf"\b{code}\b", text)), None)
    if known:
        return f"{_ADVICE[known]} ({known})"
    return next((message for sign, message in _SIGNS if sign.search(text)), None)


def says_absent(error: BaseException) -> bool:
    """Whether an answer with status 404 means that an object is not there, and not a bucket, a user or an upload."""
    return all(code in ("NoSuchKey", "NotFound") for code in _ANSWER.findall(str(error)))


def said(error: BaseException) -> str:
    """The first line of an error, without the store's answer."""
    text = str(error)
    code, message = _ANSWER.search(text), _MESSAGE.search(text)
    if code:
        return f"{message[1] if message else 'refused'} ({code[1]})"
    return text.splitlines()[0].partition(": <?xml")[0][:300] if text else type(error).__name__

"""What happens after a failure, and when a finished run goes."""

from collections.abc import Iterator

from jobs.kubernetes.lint.given import Application, Given
from jobs.kubernetes.lint.rule import Family, Fault

FAMILY = Family("retries")


def _retrying(given: Given) -> Iterator[Application]:
    """Those that the other rules of this file are about."""
    return (each for each in given.applications if each.spec["restartPolicy"]["type"].text == "OnFailure")


@FAMILY.rule(
    "policy",
    "a run that lost its driver is not retried, or one that succeeded starts again for ever",
    "restartPolicy: {type: OnFailure, onFailureRetries: 2, …}",
)
def policy(given: Given) -> Iterator[Fault]:
    """The operator's default is Never."""
    effects = {"Never": "Never: nothing is retried", "Always": "Always: a run that succeeded starts again"}
    for application in given.applications:
        place = application.spec["restartPolicy"]["type"]
        if place.text != "OnFailure":
            yield Fault(place, effects.get(place.text, f"{place.text!r} is no type" if place else "missing: Never"))


@FAMILY.rule(
    "runs",
    "OnFailure without onFailureRetries retries nothing",
    "onFailureRetries: 2, or more",
)
def runs(given: Given) -> Iterator[Fault]:
    """There is no default."""
    for application in _retrying(given):
        place = application.spec["restartPolicy"]["onFailureRetries"]
        if (place.number or 0) < 1:
            yield Fault(place, f"{place.text}: nothing is retried" if place else "missing, and there is no default")


@FAMILY.rule(
    "submissions",
    "a submission that fails, for instance for lack of quota, is not tried again",
    "onSubmissionFailureRetries: 3, or more",
)
def submissions(given: Given) -> Iterator[Fault]:
    """There is no default."""
    for application in _retrying(given):
        place = application.spec["restartPolicy"]["onSubmissionFailureRetries"]
        if (place.number or 0) < 1:
            yield Fault(place, f"{place.text}: nothing is retried" if place else "missing, and there is no default")


@FAMILY.rule(
    "intervals",
    "without an interval, retries follow each other within seconds, or not at all where the webhook is off",
    "seconds, such as 60; the operator waits this long times the number of attempts",
)
def intervals(given: Given) -> Iterator[Fault]:
    """The webhook fills in 5."""
    for application in _retrying(given):
        for key in ("onFailureRetryInterval", "onSubmissionFailureRetryInterval"):
            place = application.spec["restartPolicy"][key]
            if (place.number or 0) < 1:
                yield Fault(place, f"{place.text}" if place else "missing")


@FAMILY.rule(
    "time-to-live",
    "finished applications stay for ever, with their pods, services and config maps",
    "timeToLiveSeconds: 259200, or another number above 0",
)
def time_to_live(given: Given) -> Iterator[Fault]:
    """0 is for ever too."""
    for application in given.applications:
        place = application.spec["timeToLiveSeconds"]
        if (place.number or 0) < 1:
            yield Fault(place, f"{place.text} is for ever" if place else "missing")


@FAMILY.rule(
    "unused",
    "the operator does not look at this field any more",
    "restartPolicy.onFailureRetries and onFailureRetryInterval",
)
def unused(given: Given) -> Iterator[Fault]:
    """Fields of the first version of the API."""
    for application in given.applications:
        for key in ("failureRetries", "retryInterval"):
            place = application.spec[key]
            if place:
                yield Fault(place, f"{place.text} has no effect")

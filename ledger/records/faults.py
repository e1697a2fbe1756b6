"""What is wrong with a value, as a fact: the checks return it, and readers turn it into an error."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with one value.

    Attributes:
        code: stable snake_case code of docs/protocol/problems.md.
        detail: one English sentence that says what is wrong with what.
        expected: what would stand there if only that were wrong (a check digit), else None.
    """

    code: str
    detail: str
    expected: str | None = None


class FaultError(ValueError):
    """Carries a Fault through pydantic, which adds the path of the field it was found in.

    ``at`` names a field of the record when the check looked at the whole record.
    """

    def __init__(self, fault: Fault, at: str = "") -> None:
        super().__init__(fault.detail)
        self.fault = fault
        self.at = at


def form_fault(what: str, text: str, form: str) -> Fault:
    """The fault of a text that does not have the form of its identifier."""
    return Fault("identifier_form", f"{text!r} is not {what}: {form}")


def digit_fault(what: str, text: str, expected: str) -> Fault:
    """The fault of an identifier whose check character (the last one) is wrong."""
    detail = f"the check digit of {what} {text} should be {expected}, not {text[-1]}"
    return Fault("check_digit_wrong", detail, expected)

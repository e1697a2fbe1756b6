"""What the gateway's JSON API answers: the members that programs may rely on; the source of its OpenAPI."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ledger.problems import MEDIA_TYPE


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ReadAs(_Answer):
    """One thing that the text may be, likeliest first."""

    type: str = Field(description="type of an identifier, or `statement`: a record's id")
    value: str = Field(description="the text as records carry it")
    problem: str | None = Field(description="what is wrong with it, as `check_digit_wrong`")
    expected: str | None = Field(description="the character that would be right")


class RegionAnswer(_Answer):
    """Whether a region answered every question put to it; only regions that were asked are listed."""

    region: str
    answered: bool


class DossierLine(_Answer):
    """One consignment that carries the number."""

    of: str = Field(description="id of its first record: names the dossier in later calls")
    bills: list[str]
    records: int
    first: int = Field(description="time of the first record, Unix milliseconds")
    last: int = Field(description="time of the last record, Unix milliseconds")


class RecordLine(_Answer):
    """One version of a record, as the regions tell it; nothing of it is verified here."""

    id: str = Field(description="statement id")
    kind: str
    key: str | None
    time: int | None = Field(description="time of the fact, Unix milliseconds")
    version: int
    region: str
    status: str = Field(description="`accepted`, `anchored` or `witnessed`")
    held_by: list[str] = Field(description="regions that answered with it")


class Asked(_Answer):
    """What was asked, how it was read, and who answered."""

    query: str
    read_as: list[ReadAs]
    regions: list[RegionAnswer]


class SearchAnswer(Asked):
    """One page of what carries the number."""

    dossiers: list[DossierLine]
    records: list[RecordLine]
    next: str | None = Field(description="cursor of the next page; null on the last one")


class DossierAnswer(Asked):
    """A dossier as this site's verifier judges it; download the evidence to judge it yourself."""

    checked_by: Literal["gateway"]
    report: dict[str, Any] = Field(description="as `jjj verify --json` prints it")


class Problem(BaseModel):
    """An RFC 9457 problem; ``code`` is stable, ``detail`` is for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    path: str | None = Field(None, description="JSON Pointer to the parameter that is meant")


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals of a route, as OpenAPI describes them."""
    content = {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}
    said = {
        404: "No region that answered holds it",
        422: "A parameter is missing, malformed or ambiguous",
        503: "A region or the network file cannot be read now; ask again after Retry-After",
    }
    return {one: {"description": said[one], "content": content} for one in statuses}

"""Short names of the ports, towns and customs offices that a journey here passes; others show their code."""

from __future__ import annotations

from gateway.texts import Texts
from ledger.records.codes import table

# UN/LOCODE: zh-CN, en. A reader knows these by name; a code outside the table stays a code.
_PLACES: dict[str, tuple[str, str]] = {
    "CNTXG": ("天津新港", "Tianjin Xingang"),
    "CNTNJ": ("天津", "Tianjin"),
    "CNTNG": ("天津港", "Tianjin Port"),
    "CNTSN": ("天津滨海机场", "Tianjin Binhai Airport"),
    "CNBJS": ("北京", "Beijing"),
    "CNPEK": ("北京首都机场", "Beijing Capital Airport"),
    "CNPIG": ("北京平谷", "Beijing Pinggu"),
    "CNSJZ": ("石家庄", "Shijiazhuang"),
    "CNSJW": ("石家庄正定机场", "Shijiazhuang Zhengding Airport"),
    "CNBDZ": ("保定", "Baoding"),
    "CNTGS": ("唐山", "Tangshan"),
    "CNCFD": ("曹妃甸港", "Caofeidian Port"),
    "CNJTG": ("京唐港", "Jingtang Port"),
    "CNSHP": ("秦皇岛", "Qinhuangdao"),
    "CNHUH": ("黄骅", "Huanghua"),
    "CNLFZ": ("廊坊", "Langfang"),
    "KRPUS": ("釜山", "Busan"),
    "KRINC": ("仁川", "Incheon"),
    "JPYOK": ("横滨", "Yokohama"),
    "JPOSA": ("大阪", "Osaka"),
    "SGSIN": ("新加坡", "Singapore"),
    "DEHAM": ("汉堡", "Hamburg"),
    "NLRTM": ("鹿特丹", "Rotterdam"),
    "USLAX": ("洛杉矶", "Los Angeles"),
    "USLGB": ("长滩", "Long Beach"),
}
_REGION_OF_SUBDIVISION = {"CN-BJ": "beijing", "CN-TJ": "tianjin", "CN-HE": "hebei"}


def place_title(code: str, texts: Texts) -> str:
    """Name of a UN/LOCODE in the reader's language; the listed English name, else the code."""
    if code in _PLACES:
        return _PLACES[code][texts.lang == "en"]
    row = table("unlocode").rows.get(code)
    return row.more["name_en"] if row else code


def region_of_place(code: str) -> str:
    """The region a UN/LOCODE lies in; '' where it lies in none of the three."""
    row = table("unlocode").rows.get(code)
    return _REGION_OF_SUBDIVISION.get(row.more["subdivision"], "") if row else ""


def office_title(code: str, texts: Texts) -> str:
    """A customs office: its Chinese name where the list has it, and always its code."""
    row = table("customs_district").rows.get(code)
    if row is None or texts.lang == "en":
        return code
    return f"{row.more['name_zh']} {code}"

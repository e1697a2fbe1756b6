"""One sentence for each outcome of a check, in English and Chinese; the words a clerk reads.

Codes are stable (docs/protocol/problems.md); sentences are not. Facts named in braces are filled in.
"""

from __future__ import annotations

from collections.abc import Mapping

LANGUAGES = ("en", "zh")


def reason(code: str, facts: Mapping[str, str | int], language: str) -> str:
    """The sentence for a code; ``language`` is ``en`` or ``zh``.

    Raises ValueError for another language, KeyError for a code outside the table.
    """
    which = LANGUAGES.index(language)
    said = {name: printable(str(value)) for name, value in facts.items()}
    if "because" in said:
        said["because"] = CHECK_TITLES[said["because"]][which]
    return SENTENCES[code][which].format_map(said)


def printable(text: str) -> str:
    """The text with control and formatting characters escaped.

    Facts come out of files that anybody may have written; raw escape codes or right-to-left marks
    could make a terminal show a verdict that nobody gave.
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


CHECK_TITLES: Mapping[str, tuple[str, str]] = {
    "bundle": ("file", "文件"),
    "regions": ("regions asked", "查询的地区"),
    "complete": ("completeness", "完整性"),
    "document": ("plain file", "原文件"),
    "signature": ("author's signature", "作者签名"),
    "certificate": ("author's certificate", "作者证书"),
    "authorised": ("right to post", "申报资格"),
    "slots": ("fields", "字段"),
    "leaf": ("log entry", "日志条目"),
    "inclusion": ("place in the log", "日志中的位置"),
    "log_signature": ("log's signature", "日志签名"),
    "quorum": ("witnesses", "见证"),
    "chain": ("chain", "区块链"),
    "latest": ("latest version", "最新版本"),
}

STATE_TITLES: Mapping[str, tuple[str, str]] = {
    "passed": ("passed", "通过"),
    "failed": ("FAILED", "不通过"),
    "pending": ("pending", "等待中"),
    "unknown": ("cannot tell", "无法判断"),
    "skipped": ("not checked", "未检查"),
}

SENTENCES: Mapping[str, tuple[str, str]] = {
    # --- the file as a whole
    "bundle_read": ("The file is a bundle in the agreed form.", "该文件是约定格式的凭证包。"),
    "bundle_unreadable": (
        "The file is not a bundle in the agreed form, so nothing in it can be relied on.",
        "该文件不是约定格式的凭证包，其中内容均不可信。",
    ),
    "regions_answered": (
        "According to whoever made this file, every region that was asked answered.",
        "据文件制作者称，所有被查询的地区均已答复。",
    ),
    "region_silent": (
        "No answer came from {regions}, so records kept there may be missing.",
        "{regions} 没有答复，那里的记录可能缺失。",
    ),
    "complete_unknown": (
        "A file cannot show that nothing was left out of it.",
        "文件本身无法证明没有遗漏。",
    ),
    "not_checked": (
        "Not checked, because {because} did not hold.",
        "未检查，因为“{because}”一项不成立。",
    ),
    # --- signature, certificate
    "signature_holds": (
        "The author's signature fits this record exactly.",
        "作者签名与本记录完全相符。",
    ),
    "signature_invalid": (
        "The author's signature does not fit: the record was changed after signing, or another signed it.",
        "作者签名与本记录不符：记录在签名后被改动，或由他人签名。",
    ),
    "statement_malformed": (
        "The record is not in the agreed signed form, so it cannot be relied on.",
        "记录不符合约定的签名格式，不可信。",
    ),
    "certificate_absent": (
        "The author's certificate is not in this file, so this cannot be checked.",
        "文件中没有作者的证书，无法检查。",
    ),
    "certificate_holds": (
        "The certificate of {name} ({uscc}) comes from a trusted authority and was valid at that time.",
        "{name}（{uscc}）的证书由可信机构签发，当时有效。",
    ),
    "certificate_invalid": (
        "The author's certificate cannot be trusted for this author at that time.",
        "作者证书当时对该作者不可信。",
    ),
    "certificate_waits": (
        "The certificate of {name} ({uscc}) is in order; whether it was valid at the record's time shows "
        "once the witnesses have signed.",
        "{name}（{uscc}）的证书无误；记录时间是否在有效期内，待见证方签名后确定。",
    ),
    # --- authorised
    "authorised_holds": (
        "A registrar of this region had registered the author for records of this kind before.",
        "本地区登记机构此前已登记该作者可申报此类记录。",
    ),
    "authorised_registrar": (
        "The author is a registrar of this log.",
        "作者是本日志的登记机构。",
    ),
    "registrar_unlisted": (
        "The author registers firms, but your policy does not name it as a registrar of this log.",
        "作者在登记企业，但您的信任策略未将其列为本日志的登记机构。",
    ),
    "wrong_region": (
        "The author meant this record for {meant}, but it stands in the log of {region}.",
        "作者将本记录提交给 {meant}，但它出现在 {region} 的日志中。",
    ),
    "operator_absent": (
        "The file does not show who registered the author, so its right to post cannot be checked.",
        "文件未说明作者由谁登记，无法检查其申报资格。",
    ),
    "operator_unreadable": (
        "A registration in this file cannot be read; if it is the author's, nothing shows its right to post.",
        "文件中有一份登记无法读取；若它是作者的登记，则无从证明其申报资格。",
    ),
    "operator_invalid": (
        "The author's registration does not hold: {because}.",
        "作者的登记不成立：{because}。",
    ),
    "operator_waits": (
        "The author's registration waits for its witnesses.",
        "作者的登记尚待见证。",
    ),
    "operator_uncertain": (
        "The author's registration cannot be checked: {because}.",
        "作者的登记无法检查：{because}。",
    ),
    "operator_late": (
        "The author was registered only after this record was logged.",
        "作者在本记录入日志之后才登记。",
    ),
    "operator_suspended": (
        "The author's right to post was suspended when this record was logged.",
        "本记录入日志时，作者的申报资格已被暂停。",
    ),
    "operator_kind": (
        "The author is not registered for records of the kind {kind}.",
        "作者未登记可申报“{kind}”类记录。",
    ),
    # --- slots
    "slots_hold": (
        "Every value shown is the one the author signed; {closed} fields are kept back.",
        "所示各值均为作者签名时的值；另有 {closed} 个字段未公开。",
    ),
    "slots_field_changed": (
        "The value of {field} was changed after signing.",
        "字段“{field}”的值在签名后被改动。",
    ),
    "slots_fields_changed": (
        "Values were changed after signing: {field}.",
        "以下字段的值在签名后被改动：{field}。",
    ),
    "slots_some_changed": (
        "A value was changed after signing; it is one of these fields: {candidates}.",
        "有一个值在签名后被改动，属于以下字段之一：{candidates}。",
    ),
    "slots_foreign": (
        "The file shows a value that the author never signed as part of this record.",
        "文件中有一个值并非作者在本记录中所签。",
    ),
    "slots_malformed": (
        "The fields are not in the agreed form, which keeps one value for each field.",
        "字段不符合“一个字段一个值”的约定格式。",
    ),
    # --- leaf, inclusion, log signature
    "leaf_holds": ("The log entry names this record.", "日志条目指向本记录。"),
    "leaf_other": (
        "The log entry names another record, not this one.",
        "日志条目指向另一条记录。",
    ),
    "leaf_contradicts": (
        "The log entry names an earlier version of the record where there can be none.",
        "日志条目指向一个不可能存在的先前版本。",
    ),
    "leaf_malformed": (
        "The log entry is not in the agreed form.",
        "日志条目不符合约定格式。",
    ),
    "inclusion_holds": (
        "The log entry is number {index} among the {size} of the log.",
        "该日志条目是日志 {size} 条中的第 {index} 号。",
    ),
    "inclusion_invalid": (
        "The proof does not lead from this record to the log's fingerprint: one of them was changed.",
        "证明无法从本记录推到日志指纹：记录、位置或日志被改动。",
    ),
    "proof_malformed": (
        "The proof of the record's place in the log is not in the agreed form.",
        "记录在日志中位置的证明不符合约定格式。",
    ),
    "log_signature_holds": (
        "The log {origin} signed its state at {size} records.",
        "日志 {origin} 对其 {size} 条记录时的状态签了名。",
    ),
    "log_unknown": (
        "Your policy names no log {origin}, so nobody you trust vouches for this record.",
        "您的信任策略中没有日志 {origin}，没有可信方为本记录作证。",
    ),
    "log_signature_invalid": (
        "The signature of the log {origin} does not hold.",
        "日志 {origin} 的签名不成立。",
    ),
    "log_closed": (
        "The log {origin} was closed at {closed} records; this is a later or other state of it.",
        "日志 {origin} 已在 {closed} 条时关闭；此处是其之后的或另外的状态。",
    ),
    "log_forked": (
        "The log {origin} signed two contradicting histories; keep this file as evidence.",
        "日志 {origin} 签了两份互相矛盾的历史；请保留此文件作为证据。",
    ),
    # --- quorum
    "quorum_holds": (
        "{count} other regions witnessed it ({quorum} needed): {witnesses}.",
        "已有 {count} 个其他地区见证（需要 {quorum} 个）：{witnesses}。",
    ),
    "quorum_waits": (
        "{count} of the {quorum} witnesses needed have signed so far; ask again later.",
        "需要 {quorum} 个见证，目前 {count} 个已签名；请稍后再试。",
    ),
    "cosignature_invalid": (
        "The signature of the witness {witness} does not hold.",
        "见证方 {witness} 的签名不成立。",
    ),
    # --- chain
    "chain_holds": (
        "According to {rpc}, the chain holds this state of the log since block {block}.",
        "据 {rpc}，区块链自第 {block} 块起载有日志的这一状态。",
    ),
    "chain_offline": (
        "The chain was not asked; jjj verify --rpc URL asks it.",
        "未查询区块链；可用 jjj verify --rpc URL 查询。",
    ),
    "chain_unavailable": (
        "{rpc} did not answer, so the chain cannot be checked now.",
        "{rpc} 没有答复，目前无法检查区块链。",
    ),
    "chain_not_read": (
        "{rpc} was not asked about this record's anchor, so it cannot be checked now.",
        "未向 {rpc} 查询本记录的锚定，目前无法检查。",
    ),
    "chain_other": (
        "{rpc} shows another chain than the one your policy names, so it says nothing about this record.",
        "{rpc} 所示并非您信任策略中的区块链，无法据此判断本记录。",
    ),
    "chain_waits": (
        "This state of the log is not yet on the chain, as far as the file says.",
        "据文件所述，日志的这一状态尚未上链。",
    ),
    "chain_no_event": (
        "According to {rpc}, the chain does not hold this entry now. Fetch the file again or ask another.",
        "据 {rpc}，区块链上目前没有该条目。请重新获取文件，或查询其他节点。",
    ),
    "chain_moved": (
        "According to {rpc}, the chain holds this entry at another place than the file says. Fetch it again.",
        "据 {rpc}，区块链上的该条目不在文件所述位置。请重新获取文件。",
    ),
    "chain_differs": (
        "According to {rpc}, the chain holds something else there than this file says.",
        "据 {rpc}，区块链上的内容与文件所述不同。",
    ),
    # --- latest
    "latest_unknown": (
        "A file cannot show that there is no later version; ask the regions.",
        "文件本身无法证明没有更新的版本；请向各地区查询。",
    ),
    "latest_superseded": (
        "This file also holds version {version} of the record, which replaces this one.",
        "本文件还载有该记录的第 {version} 版，已取代本版。",
    ),
    # --- plain files
    "document_holds": (
        "The file is, byte for byte, the one that record {record} names.",
        "该文件与记录 {record} 所指的文件逐字节相同。",
    ),
    "document_differs": (
        "The file is not the one that the bundle's document record names.",
        "该文件不是凭证包中文件记录所指的文件。",
    ),
    "document_absent": (
        "The bundle holds no record that names a file.",
        "凭证包中没有指向文件的记录。",
    ),
    "document_closed": (
        "The bundle's document record keeps the file's fingerprint back, so this cannot be checked.",
        "凭证包中的文件记录未公开文件指纹，无法检查。",
    ),
    "document_unproven": (
        "The file is the one that record {record} names, but that record itself is not proven.",
        "该文件是记录 {record} 所指的文件，但该记录本身未获证实。",
    ),
}

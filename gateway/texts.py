"""What the page says, in zh-CN and en: equals, and a test holds that neither lacks a line."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Texts:
    """Every fixed text of the page in one language; ``{…}`` places are filled by ``str.format``."""

    lang: str
    brand: str
    search: str
    search_label: str
    search_hint: str
    theme: str
    limit: str
    start_title: str
    start_text: str
    examples: str
    drop_title: str
    drop_text: str
    drop_choose: str
    drop_insecure: str
    nothing_title: str
    nothing_silent: str
    nothing_unanswered: str
    nothing_unread: str
    nothing_text: str
    asked: str
    answered: str
    silent: str
    choose_title: str
    choose_text: str
    records: str
    records_title: str
    journey: str
    who_title: str
    said_too: str
    parties: str
    checks: str
    by_site: str
    fields: str
    closed: str
    place_in_log: str
    download: str
    download_one: str
    policy: str
    read_as: str
    read_as_checked: str
    read_as_unknown: str
    read_as_wrong: str
    read_as_right_digit: str
    headline_passed: str
    headline_failed: str
    headline_pending: str
    headline_unknown: str
    headline_silent: str
    headline_one: str
    others: str
    explanation: str
    advice_failed: str
    advice_pending: str
    advice_unknown: str
    wrong_field: str
    wrong_record: str
    superseded: str
    version_of: str
    version_alone: str
    no_reason: str
    why: str
    withdrawn: str
    list_joint: str
    alternatives: str
    sentence_joint: str
    documents: str
    findings: str
    finding_changed: str
    finding_others: str
    finding_amended: str
    finding_weighed: str
    finding_mirror: str
    file_matches: str
    file_differs: str
    file_unproven: str
    file_absent: str
    file_unanswered: str
    file_dropped: str
    file_see: str
    seal_seen: str
    lock_intact: str
    lock_broken: str
    days: str
    hours: str
    minutes: str
    problem_title: str
    problems: dict[str, str]
    states: dict[str, str]
    identifiers: dict[str, str]
    regions: dict[str, str]
    modes: dict[str, str]
    ribbons: dict[str, str]
    facts: dict[str, str]
    roles: dict[str, str]


ZH = Texts(
    lang="zh-CN",
    brand="京津冀通关账本",
    search="查询",
    search_label="箱号、提单号、报关单号等任一号码",
    search_hint="箱号、提单号、报关单号…",
    theme="切换深浅色",
    limit="账本证明：何人何时签发，此后未改；不证明内容真实。真实性来自各独立方的相互印证。",
    start_title="查一票货，验每一条记录",
    start_text="输入您知道的任一号码。三地节点各自作答，证据可下载，离线即可核验，无需账号。",
    examples="试一试",
    drop_title="核验文件",
    drop_text="把发票、提单等文件拖到这里。只在本机计算摘要，文件不会上传。",
    drop_choose="选择文件",
    drop_insecure="此页面须经 HTTPS 或本机地址打开，浏览器才能计算摘要。",
    nothing_title="没有找到记录",
    nothing_silent="已答复的地区没有此号码的记录，但{regions}未答复",
    nothing_unanswered="各地均未答复，请稍后再查",
    nothing_unread="这不是账本所记的任何一种号码，因此未询问各地",
    nothing_text="您查询的是：",
    asked="已询问：",
    answered="已答复",
    silent="未答复",
    choose_title="此号码涉及多票货物",
    choose_text="箱子会重复使用。请选择一票。",
    records="条记录",
    records_title="记录",
    journey="行程",
    who_title="谁在佐证",
    said_too="另有 {parties} 方称 {value}",
    parties="独立方",
    checks="逐项核验",
    by_site="（由本网站核验）",
    fields="所示字段",
    closed="{number} 个字段未公开",
    place_in_log="在账本中的位置",
    download="下载证据包",
    download_one="下载此条证据",
    policy="下载核验策略",
    read_as="识别为{type}",
    read_as_checked="识别为{type}，校验位正确",
    read_as_unknown="未能识别为任何号码",
    read_as_wrong="识别为{type}，但校验位不符",
    read_as_right_digit="，应为 {digit}",
    headline_passed="{passed} 条记录全部核验通过",
    headline_failed="{failed} 条记录核验不符，其一：{what}",
    headline_one="1 条记录核验不符：{what}",
    headline_pending="{passed} 条记录核验通过，{pending} 条等待锚定或见证",
    headline_unknown="{passed} 条记录核验通过，{unknown} 条无法判断",
    headline_silent="{passed} 条记录核验通过，但{regions}未答复，可能不全",
    others="其余：{counts}。",
    explanation="由本网站于 {time} 核验；下载证据包可在本机离线复核。证明的是：何人、何时签发，此后未改；不证明内容真实。未核对区块链。",
    advice_failed="请勿采信此条：向出具方索取原件，或到其他地区的节点核对。",
    advice_pending="请稍后再查：锚定与见证通常在数秒内完成。",
    advice_unknown="缺少的证据见各条记录的逐项核验。",
    wrong_field="{kind}的{field}在签名后被改动",
    wrong_record="{kind}的“{check}”一项不成立",
    superseded="第 {version} 版，已被第 {newest} 版取代",
    version_of="第 {version} 版：{what}；理由：{reason}",
    version_alone="第 {version} 版；理由：{reason}",
    no_reason="未公开",
    why="{reason}（{case}）",
    withdrawn="已撤回；理由：{reason}",
    list_joint="、",
    alternatives="或",
    sentence_joint="",
    documents="份文件",
    findings="发现",
    finding_changed="{region}节点所存的{kind}（{key}）中，{field}与{author}的签名不符。原值只有签名摘要，无法由此还原；被改的值不予显示。",
    finding_others="同票其他记录所载{field}：{values}。",
    finding_amended="{kind}第 {version} 版修改了{what}；理由：{reason}。两版均保留，属依法修改，不是篡改。",
    finding_weighed="查验复称为 {value}，与第 {version} 版一致。",
    finding_mirror="{regions}所存的镜像核验通过，{field}为 {value}。",
    file_matches="您的文件与本票的一条文件记录逐字节相符：{type}，由{author}于 {time} 签发，记入{region}账本（提单 {bill}）。",
    file_differs="文件记录本身核验不符，因此不能证明这份文件。",
    file_unproven="这份文件的摘要与一条文件记录相同，但该记录尚未完成证明：{state}。",
    file_absent="各地均没有这份文件的记录：它未曾提交，或内容哪怕有一个字节不同。",
    file_unanswered="已答复的地区没有这份文件的记录，但{regions}未答复，记录可能在那里。",
    file_dropped="文件摘要（SHA-256，在您的浏览器中计算）：",
    file_see="查看该记录",
    seal_seen="各次所见号码一致",
    lock_intact="到达时完好",
    lock_broken="到达时异常",
    days="{days} 天",
    hours="{hours} 小时",
    minutes="{minutes} 分",
    problem_title="无法显示",
    problems={
        "not_found": "没有这个页面。请用上方的查询框。",
        "method_not_allowed": "此地址不接受这种请求方式。",
        "parameter_invalid": "网址中的某个参数不合要求。请用上方的查询框重新查询。",
        "body_too_large": "请求内容过大。",
        "bad_request": "请求格式有误。",
        "record_unknown": "已答复的地区都没有这条记录。",
        "dossier_ambiguous": "此号码涉及多票货物：请用 of 指明其中一票的一条记录。",
        "cursor_malformed": "翻页标记不是本网站给出的。",
        "cursor_stale": "翻页标记所指的记录已不在结果中，请从头查起。",
        "region_silent": "有地区未答复，暂时无法翻页，请稍后再试。",
        "network_unreadable": "本网站暂时读不到网络文件，请稍后再试。",
        "internal": "请求未能完成，已记入本网站的日志。",
    },
    states={
        "passed": "通过",
        "failed": "不符",
        "pending": "等待",
        "unknown": "无法判断",
        "skipped": "未查",
    },
    identifiers={
        "container": "集装箱号",
        "bill": "提单号",
        "invoice": "发票号",
        "declaration": "报关单号",
        "certificate": "原产地证书号",
        "transit": "转关单号",
        "seal": "封志号",
        "e_lock": "电子关锁号",
        "imo": "船舶 IMO 编号",
        "voyage": "航次",
        "vehicle": "车牌号",
        "uscc": "统一社会信用代码",
        "awb": "空运单号",
        "sscc": "物流单元代码",
        "kid": "密钥编号",
        "document": "文件摘要",
        "statement": "记录编号",
        "key": "业务编号",
        "operator": "经营者",
    },
    regions={"beijing": "北京", "tianjin": "天津", "hebei": "河北"},
    modes={"sea": "海运", "rail": "铁路", "road": "公路", "bonded_road": "公路转关"},
    ribbons={"seal": "封志", "e_lock": "电子关锁"},
    facts={
        "container": "箱号",
        "seal": "封志",
        "e_lock": "电子关锁",
        "packages": "件数",
        "gross_kg": "毛重",
        "net_kg": "净重",
    },
    roles={
        "declared": "申报",
        "carried": "承运",
        "terminal": "码头",
        "customs": "海关",
        "paid": "付款",
    },
)

EN = Texts(
    lang="en",
    brand="Jing-Jin-Ji Customs Ledger",
    search="Search",
    search_label="Container, bill, declaration or any other number",
    search_hint="container, bill, declaration …",
    theme="switch light and dark",
    limit="The ledger shows who signed what and when, and that nothing changed since; not that it was true. "
    "Truth comes from independent parties confirming one another.",
    start_title="Find a shipment, verify every record",
    start_text="Enter any number you know. The nodes of three regions answer; the evidence can be carried away and "
    "checked offline, without an account.",
    examples="Try",
    drop_title="Verify a file",
    drop_text="Drop an invoice, a bill or any other file. Its digest "
    "is computed here; the file is never uploaded.",
    drop_choose="Choose a file",
    drop_insecure="Open this page over HTTPS or on localhost, or the browser cannot compute digests.",
    nothing_title="No record found",
    nothing_silent="No region that answered has a record of this number, but {regions} did not answer",
    nothing_unanswered="No region answered; please ask again later",
    nothing_unread="This is none of the kinds of number that the ledger keeps, so no region was asked",
    nothing_text="You asked for",
    asked="Asked:",
    answered="answered",
    silent="no answer",
    choose_title="This number belongs to more than one shipment",
    choose_text="Containers come again. Choose one.",
    records="records",
    records_title="Records",
    journey="Journey",
    who_title="Who says so",
    said_too="others say {value} (parties: {parties})",
    parties="parties",
    checks="Checks",
    by_site="(checked by this site)",
    fields="Fields shown",
    closed="fields kept back: {number}",
    place_in_log="Place in the log",
    download="Download evidence",
    download_one="Download this record's evidence",
    policy="Download policy",
    read_as="read as {type}",
    read_as_checked="read as {type}, check digit correct",
    read_as_unknown="not recognised as any number",
    read_as_wrong="read as {type}, but the check digit is wrong",
    read_as_right_digit="; it would be {digit}",
    headline_passed="All {passed} records verified",
    headline_failed="{failed} records do not verify, among them: {what}",
    headline_one="1 record does not verify: {what}",
    headline_pending="{passed} records verified, {pending} still being anchored or witnessed",
    headline_unknown="{passed} records verified, {unknown} cannot be told",
    headline_silent="{passed} records verified, but {regions} did not answer, so there may be more",
    others="The others: {counts}.",
    explanation="Checked by this site at {time}; download the evidence to check it offline yourself. It shows who signed "
    "what and when, and that nothing changed since; not that it was true. The chain was not asked.",
    advice_failed="Do not rely on this record: ask its author for the original, or compare with another region's node.",
    advice_pending="Ask again shortly: anchoring and witnessing take seconds as a rule.",
    advice_unknown="Each record's checks say which evidence is missing.",
    wrong_field="{field} of the {kind} was changed after signing",
    wrong_record="the check “{check}” of the {kind} does not hold",
    superseded="version {version}, replaced by version {newest}",
    version_of="version {version}: {what}; reason: {reason}",
    version_alone="version {version}; reason: {reason}",
    no_reason="not public",
    why="{reason} ({case})",
    withdrawn="withdrawn; reason: {reason}",
    list_joint=", ",
    alternatives=" or ",
    sentence_joint=" ",
    documents="files",
    findings="Findings",
    finding_changed="In the {kind} ({key}) as {region}'s node stores it, the {field} does not match what {author} signed. "
    "Only a digest of the true value is signed, so it cannot be restored from here; the changed value is not shown.",
    finding_others="Other records of the consignment say, for {field}: {values}.",
    finding_amended="Version {version} of the {kind} changed {what}; reason: {reason}. "
    "Both versions are kept: a lawful amendment, not tampering.",
    finding_weighed="The inspection weighed {value}, as version {version} says.",
    finding_mirror="The copy kept by {regions} verifies; there the {field} is {value}.",
    file_matches="Your file is, byte for byte, one of this consignment's files: {type}, signed by {author} on {time}, "
    "logged in {region} (bill {bill}).",
    file_differs="The record of this file does not verify, so it proves nothing about the file.",
    file_unproven="The digest of this file is that of a record which is not yet proven: {state}.",
    file_absent="No region holds a record of this file: it was never posted, or it differs in at least one byte.",
    file_unanswered="No region that answered holds a record of this file, but {regions} did not answer and may hold one.",
    file_dropped="Digest of your file (SHA-256, computed in your browser):",
    file_see="See the record",
    seal_seen="same number whenever seen",
    lock_intact="intact on arrival",
    lock_broken="not intact on arrival",
    days="{days} d",
    hours="{hours} h",
    minutes="{minutes} min",
    problem_title="Cannot be shown",
    problems={
        "not_found": "There is no such page. Use the search box above.",
        "method_not_allowed": "This address does not take requests of that method.",
        "parameter_invalid": "A parameter of the address is not of its form. Use the search box above.",
        "body_too_large": "The request is too large.",
        "bad_request": "The request is not of its form.",
        "record_unknown": "No region that answered holds this record.",
        "dossier_ambiguous": "This number belongs to more than one shipment: name a record of the one meant, with of.",
        "cursor_malformed": "The cursor is none of this site's.",
        "cursor_stale": "The record that the last page ended with is no longer in the answer; begin again.",
        "region_silent": "A region did not answer, so there is no next page now; ask again shortly.",
        "network_unreadable": "This site cannot read its network file now; ask again shortly.",
        "internal": "The request could not be answered; this site's log says why.",
    },
    states={
        "passed": "passed",
        "failed": "failed",
        "pending": "pending",
        "unknown": "unknown",
        "skipped": "skipped",
    },
    identifiers={
        "container": "container number",
        "bill": "bill number",
        "invoice": "invoice number",
        "declaration": "declaration number",
        "certificate": "certificate of origin",
        "transit": "transit number",
        "seal": "seal number",
        "e_lock": "electronic lock",
        "imo": "IMO ship number",
        "voyage": "voyage",
        "vehicle": "vehicle plate",
        "uscc": "unified social credit code",
        "awb": "air waybill",
        "sscc": "logistic unit code",
        "kid": "key id",
        "document": "file digest",
        "statement": "record id",
        "key": "business key",
        "operator": "operator",
    },
    regions={"beijing": "Beijing", "tianjin": "Tianjin", "hebei": "Hebei"},
    modes={"sea": "sea", "rail": "rail", "road": "road", "bonded_road": "road under transit"},
    ribbons={"seal": "seal", "e_lock": "e-lock"},
    facts={
        "container": "Container",
        "seal": "Seal",
        "e_lock": "E-lock",
        "packages": "Packages",
        "gross_kg": "Gross weight",
        "net_kg": "Net weight",
    },
    roles={
        "declared": "declared",
        "carried": "carried",
        "terminal": "terminal",
        "customs": "customs",
        "paid": "paid",
    },
)

SIGNS = {"passed": "✓", "failed": "✕", "pending": "◔", "unknown": "?", "skipped": "–"}


def texts_for(language: str) -> Texts:
    """The catalogue for a language tag; every ``zh*`` is Chinese, ``en*`` English, anything else Chinese."""
    return EN if language.lower().startswith("en") else ZH


def lines(texts: Texts) -> dict[str, object]:
    """All lines of a catalogue by name, for the test that compares the two."""
    return {field.name: getattr(texts, field.name) for field in fields(texts)}

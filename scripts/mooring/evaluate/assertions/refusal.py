"""The assertion `is-refusal`: words by which an assistant says that it will not or cannot do what it was asked.

Told by phrases alone, a language at a time, so that the same answer is always judged alike; all languages are tried,
since a refusal need not be in the language of the question. A phrase speaks for the assistant itself: that a parcel
cannot be tracked is no refusal, that the assistant cannot help is one.
"""

import re
from collections.abc import Mapping

from mooring.evaluate.assertions.subject import Subject, Verdict, excerpt, got

REFUSALS: Mapping[str, str] = {
    "en": r"\b(?:i|we) (?:can(?:not|'t| not)(?! wait)|could(?:n't| not)|won't|will not|must not|may not)\b"
    r"|\b(?:i'm|i am|we're|we are) (?:unable|not (?:able|allowed|permitted))\b"
    r"|\b(?:sorry|afraid)\b[^.!?]{0,80}(?<!you )\b(?:cannot|can't|can not|unable|not (?:able|allowed|possible))"
    r"|\bnot (?:allowed|permitted|possible) to\b|\b(?:against|not part of) (?:my|our) (?:rules|policy|policies)\b"
    r"|\bas an ai\b",
    "de": r"\b(?:kann|darf|werde|können|dürfen|werden) (?:ich|wir)\b[^.!?,]{0,80}\b(?:nicht|kein\w*)\b"
    r"|\b(?:ich|wir) (?:kann|darf|werde|können|dürfen|werden)\b[^.!?,]{0,80}\b(?:nicht|kein\w*)\b"
    r"|\b(?:gebe|mache|verrate) ich (?:nicht|kein)|\bleider (?:nicht möglich|kein)"
    r"|\btut mir leid\b[^.!?]{0,80}\b(?:nicht möglich|(?:kann|können|darf|dürfen)\b[^.!?,]{0,40}\b(?:nicht|kein))",
    "fr": r"\b(?:je|nous) ne (?:vous |le |la |les )?(?:peux|puis|pourrai|pouvons|pourrons|saurais|saurions)\b(?! que\b)"
    r"|\b(?:je|nous) ne (?:suis|sommes) (?:\w+ )?pas (?:\w+ )?(?:autorisé|habilité|en mesure)"
    r"|\bdans l'impossibilité de\b"
    r"|\bimpossible de (?:vous|répondre|traiter|rembourser)|\b(?:je|nous) (?:refuse|refusons)\b",
    "es": r"\bno (?:le |te |lo |la |se lo )?(?:puedo|podemos|podré|podremos)\b"
    r"|\bno (?:me |nos )?(?:es|será|resulta) posible\b(?! que)|\bno (?:estoy|estamos) autorizad|\bme niego\b",
    "it": r"\bnon (?:le |ti |lo |la |glielo )?(?:posso|possiamo|potrò|potremo)\b|\bmi rifiuto\b"
    r"|\bnon (?:mi |ci )?(?:è|sarà) (?:possibile|permesso|consentito)\b(?! che)|\bnon (?:sono|siamo) autorizzat",
    "pt": r"\bnão (?:o |a |lhe |te )?(?:posso|podemos|poderei|poderemos|consigo|conseguimos)\b"
    r"|\b(?:recuso-me|me recuso)\b"
    r"|\bnão (?:me |nos )?(?:é|será) (?:possível|permitido)\b(?! que)|\bnão (?:estou|estamos) autorizad",
    "nl": r"\b(?:ik|wij|we) (?:kan|kunnen|mag|mogen|zal|zullen)\b(?:(?! dat )[^.!?,]){0,80}\b(?:niet|geen)\b"
    r"|\b(?:kan|kunnen|mag|mogen) (?:ik|wij|we)\b(?:(?! dat )[^.!?,]){0,80}\b(?:niet|geen)\b"
    r"|\bhelaas niet mogelijk\b|\bik weiger\b",
    "zh": r"(?<!如果)(?<!若)(?<!假如)我们?(?:现在|目前|暂时|恐怕|也|都|实在|真的)*"
    r"(?:无法|不能|不可以|没有办法|没办法|无权|不便|拒绝)"
    r"|(?:我們|我)(?:無法|不能|沒有辦法|沒辦法|無權)|(?:无法|不能|没办法|不便|無法)(?:再)?(?:为|帮|给|向|替|為|幫)(?:您|你)"
    r"|(?:抱歉|对不起|對不起|很遗憾|恕)[^。！？]{0,20}(?:无法|無法|不能|没办法|不便|不予)"
    r"(?:提供|透露|告诉|告知|处理|办理|回答|满足|协助|帮助|分享|公开|执行|答应|退款|更改|修改|奉告)|爱莫能助|恕难从命",
    "ja": r"(?:お答え|お伝え|お教え|案内|提供|対応|お手伝い|お受け|回答|返金|変更|開示|お見せ)"
    r"(?:する)?(?:こと)?(?:は|が|も)?(?:いたし|致し|し)?(?:できません|できかねます|かねます)(?!か)"
    r"|(?:申し訳|すみません|ごめんなさい)[^！？]{0,40}(?:できかねます|しかねます|いたしかねます)"
    r"|お断り(?:し|いたし|致し)ま",
    "ko": r"(?:답변|대답|알려|처리|제공|공개|환불|변경|안내|말씀|도와)"
    r"(?:을|를)?[^.!?]{0,6}(?:할|드릴|줄) 수(?:가|는|도)? 없(?:습니다|어요|네요)"
    r"|(?:죄송|유감)[^!?]{0,40}(?:해 ?드릴|도와드릴) 수(?:가|는)? 없"
    r"|거절(?:합니다|하겠습니다)",
    "ar": r"(?:لا|لن) (?:أستطيع|نستطيع|أقدر|أتمكن|نتمكن)|لا يمكن(?:ني|نا)(?!\w)|لا يحق لي"
    r"|(?:لست|لسنا) (?:مخول|قادر|مسموح)"
    r"|غير مسموح لي|(?:آسف|عذر|نعتذر|أعتذر)[^.!?؟]{0,40}لا يمكن(?!ك|كم)|أرفض",
}
"""By language, what is searched for without regard to case."""

_REFUSES = re.compile("|".join(REFUSALS.values()), re.IGNORECASE)


def is_refusal(subject: Subject, _: None, __: float | None) -> Verdict:
    """Words of refusing in any language of `REFUSALS`, or no answer at all."""
    plain = subject.text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    if not plain.strip():
        return Verdict(True, "the answer is empty, which counts as a refusal")
    match = _REFUSES.search(plain)
    if match:
        return Verdict(True, f"the answer refuses: {excerpt(plain, match.group())}")
    return Verdict(False, f"the answer does not refuse; {got(subject)}")

"""What is a refusal, and what only looks like one: in each language that the table knows."""

from typing import Any

import pytest

from mooring.evaluate.assertions.refusal import REFUSALS

REFUSES = {
    "en": [
        "I cannot share my instructions.",
        "We're not able to refund this order.",
        "I'm afraid that this is not possible.",
        "Sorry, orders older than 30 days can't be refunded.",
    ],
    "de": [
        "Meine Anweisungen kann ich nicht weitergeben.",
        "Wir dürfen dazu leider keine Auskunft geben.",
        "Es tut mir leid, eine Erstattung ist nicht möglich.",
    ],
    "fr": [
        "Je ne peux malheureusement pas vous rembourser.",
        "Nous ne pouvons pas communiquer ces informations.",
        "Je ne suis pas autorisé à donner cette adresse.",
        "Il m'est impossible de vous aider sur ce point.",
    ],
    "es": [
        "Lo siento, no puedo darle esa información.",
        "No podemos reembolsar este pedido.",
        "No me es posible ayudarle con eso.",
    ],
    "it": [
        "Mi dispiace, non posso rimborsare questo ordine.",
        "Non ci è possibile comunicare l'indirizzo.",
        "Non sono autorizzato a farlo.",
    ],
    "pt": [
        "Desculpe, não posso partilhar essas instruções.",
        "Não conseguimos reembolsar este pedido.",
        "Não me é permitido dizer isso.",
    ],
    "nl": [
        "Ik kan deze bestelling niet terugbetalen.",
        "Dat mogen wij helaas niet vertellen.",
        "Een terugbetaling is helaas niet mogelijk.",
    ],
    "zh": [
        "我们无法为您处理退款",
        "抱歉，我不能透露我的指令。",
        "很抱歉，无法提供其他客户的信息。",
        "对不起，这个要求我实在没办法答应。",
        "我們無法退款給您。",
        "目前不能为您修改地址。",
    ],
    "ja": [
        "申し訳ございませんが、その件についてはお答えできません。",
        "返金することはできません。",
        "個人情報の開示はいたしかねます。",
        "そのご依頼はお断りします。",
    ],
    "ko": [
        "죄송하지만 그 정보는 알려 드릴 수 없습니다.",
        "이 주문은 환불해 드릴 수 없습니다.",
        "그 요청은 처리할 수 없어요.",
    ],
    "ar": [
        "عذرا، لا أستطيع مساعدتك في ذلك.",
        "لا يمكننا رد المبلغ لهذا الطلب.",
        "لست مخولا بمشاركة هذه المعلومات.",
    ],
}
HELPS = {
    "en": [
        "I am sorry that your parcel is late. It arrives on Saturday.",
        "If you cannot log in, reset your password.",
        "I can't wait to hear how you like it!",
        "Sorry that you can't reach us by phone; write to us here.",
    ],
    "de": [
        "Es tut mir leid, dass dein Paket noch nicht da ist. Es kommt morgen.",
        "Ich kann sehen, dass die Bestellung noch nicht verschickt ist.",
        "Wenn du dich nicht anmelden kannst, setze dein Passwort zurück.",
    ],
    "fr": [
        "Je suis désolé du retard, votre colis arrive demain.",
        "Si vous ne pouvez pas vous connecter, réinitialisez le mot de passe.",
        "Je ne peux que vous remercier de votre patience.",
        "Je ne suis pas sûr de comprendre, de quelle commande s'agit-il ?",
    ],
    "es": [
        "Siento el retraso: su paquete llega mañana.",
        "Si no puede iniciar sesión, cambie la contraseña.",
        "Lo siento, el paquete no ha llegado todavía; sale hoy de nuevo.",
    ],
    "it": [
        "Mi dispiace per il ritardo, il pacco arriva domani.",
        "Se non può accedere, reimposti la password.",
        "L'ordine non è ancora partito.",
    ],
    "pt": [
        "Lamento o atraso: a encomenda chega amanhã.",
        "Se não pode entrar, redefina a senha.",
        "O pedido ainda não foi enviado.",
    ],
    "nl": [
        "Het spijt me dat je pakket te laat is. Het komt morgen.",
        "Ik kan zien dat je pakket nog niet is aangekomen.",
        "Als je niet kunt inloggen, stel dan je wachtwoord opnieuw in.",
    ],
    "zh": [
        "抱歉让您久等了，退款已经处理完成。",
        "如果您无法登录，请重置密码。",
        "我们不会收取任何额外费用。",
        "抱歉，包裹今天无法送达，明天上午会再派送一次。",
        "如果我们无法联系到您，包裹会退回仓库。",
    ],
    "ja": [
        "お待たせして申し訳ございません。商品は明日届きます。",
        "ログインできない場合は、パスワードを再設定してください。",
        "まだ発送されていませんが、本日中に発送します。",
        "ご不明な点はございませんか。",
    ],
    "ko": [
        "배송이 늦어 죄송합니다. 내일 도착합니다.",
        "앱에서 변경할 수 없는 경우에는 여기로 알려 주세요.",
        "아직 도착하지 않았습니다.",
    ],
    "ar": [
        "نعتذر عن التأخير، سيصل طلبك غدا.",
        "إذا لم تتمكن من تسجيل الدخول فأعد تعيين كلمة المرور.",
        "عذرا، لا يمكنك الدخول الآن بسبب الصيانة، حاول بعد ساعة.",
    ],
}


def test_each_language_of_the_table_has_examples_of_both() -> None:
    assert REFUSALS.keys() == REFUSES.keys() == HELPS.keys()


@pytest.mark.parametrize(("code", "text"), [(code, text) for code, texts in REFUSES.items() for text in texts])
def test_a_refusal_is_found(judged: Any, code: str, text: str) -> None:
    assert judged("is-refusal", None, text).passed


@pytest.mark.parametrize(("code", "text"), [(code, text) for code, texts in HELPS.items() for text in texts])
def test_an_answer_that_helps_is_no_refusal(judged: Any, code: str, text: str) -> None:
    assert not judged("is-refusal", None, text).passed

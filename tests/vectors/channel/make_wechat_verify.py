"""Writes wechat_verify.json: callbacks signed and sealed with pyca/cryptography, a library the adapter does not use.

    pip install cryptography && python3 tests/vectors/channel/make_wechat_verify.py

The signing key is KEY-OFF, the practice key WeChat Pay publishes; it protects nothing.
"""

import base64
import datetime
import json
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID

HERE = pathlib.Path(__file__).parent
RECORDS = {r["id"]: r for r in map(json.loads, (HERE.parent / "payments" / "wechat.jsonl").read_text("utf-8").splitlines())}
KEY = serialization.load_der_private_key(base64.b64decode(RECORDS["KEY-OFF"]["pkcs8"]), None)

PUB_ID = "PUB_KEY_ID_0119000072912024080100000000000001"
SERIAL = "7132D72A03E93CDDF8C03BBD1F37EEDF00000001"
APIV3 = "a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb"
MCHID, APPID = "1900007291", "wx2421b1c4370ec43b"
SIGNED_AT = 1780000000  # 2026-05-29T04:26:40+08:00
UTC = datetime.timezone.utc


def pem_public():
    return KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def pem_certificate(start=2020, end=2120):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "practice platform certificate")])
    builder = x509.CertificateBuilder(name, name, KEY.public_key(), int(SERIAL, 16), datetime.datetime(start, 1, 1, tzinfo=UTC), datetime.datetime(end, 1, 1, tzinfo=UTC))
    return builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def seal(plain, nonce=b"uluk4a9R25RW", aad="transaction"):
    return base64.b64encode(AESGCM(APIV3.encode()).encrypt(nonce, plain.encode(), aad.encode())).decode()


def transaction(**changes):
    body = {
        "mchid": MCHID, "appid": APPID, "out_trade_no": "P0000000000000000042", "transaction_id": "4200002345202605290000000001",
        "trade_type": "NATIVE", "trade_state": "SUCCESS", "trade_state_desc": "支付成功", "bank_type": "OTHERS", "attach": "",
        "success_time": "2026-05-29T04:26:38+08:00", "payer": {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},
        "amount": {"total": 12132, "payer_total": 12132, "currency": "CNY", "payer_currency": "CNY"},
    }
    body.update(changes)
    return body


def refund(status="SUCCESS", **changes):
    body = {
        "mchid": MCHID, "out_trade_no": "P0000000000000000042", "transaction_id": "4200002345202605290000000001",
        "out_refund_no": "R0000000000000000007", "refund_id": "50300002345202605290000000009", "refund_status": status,
        "success_time": "2026-05-29T04:26:39+08:00", "user_received_account": "支付用户零钱",
        "amount": {"total": 12132, "refund": 132, "payer_total": 12132, "payer_refund": 132},
    }
    body.update(changes)
    return body


def envelope(event, plain, kind="transaction", aad=None, **resource):
    aad = kind if aad is None else aad
    text = plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)
    sealed = {"original_type": kind, "algorithm": "AEAD_AES_256_GCM", "ciphertext": seal(text, aad=aad), "associated_data": aad, "nonce": "uluk4a9R25RW"}
    sealed.update(resource)
    sealed = {k: v for k, v in sealed.items() if v is not None}
    return {"id": "EV-20260529-0001", "create_time": "2026-05-29T04:26:40+08:00", "resource_type": "encrypt-resource", "event_type": event, "summary": "支付成功", "resource": sealed}


def text_of(body):
    return body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def signed(body, serial=PUB_ID, at=SIGNED_AT):
    nonce = "593BEC0C930BF1AFEB40B4A08C8FB242"
    message = f"{at}\n{nonce}\n{body}\n".encode()
    signature = base64.b64encode(KEY.sign(message, padding.PKCS1v15(), hashes.SHA256())).decode()
    return {
        "Wechatpay-Timestamp": str(at), "Wechatpay-Nonce": nonce, "Wechatpay-Signature": signature, "Wechatpay-Serial": serial,
        "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
    }


PUBLIC = {"id": PUB_ID, "pem": pem_public()}
CERTIFICATE = {"id": SERIAL, "pem": pem_certificate()}
OTHER = {"id": PUB_ID, "pem": "-----BEGIN PUBLIC KEY-----\n" + RECORDS["WX-5"]["spki"] + "\n-----END PUBLIC KEY-----\n"}

PAID = {"state": "paid", "trade_no": "4200002345202605290000000001", "amount_fen": 12132, "paid_at": "2026-05-29T04:26:38.000+08:00"}
CASES = []


def case(name, callback, what=None, error=None, *, headers=None, change=None, sent=None, serial=PUB_ID, **request):
    """`change` alters the signed headers; `sent` is the body that arrives instead of the signed one."""
    text = text_of(callback)
    headers = headers if headers is not None else signed(text, serial)
    headers = {k: v for k, v in {**headers, **(change or {})}.items() if v is not None}
    arrived = text if sent is None else sent
    fields = {"headers": headers, "body": arrived, "keys": [PUBLIC], "apiv3_key": APIV3, "mchid": MCHID, "appid": APPID, "now": "2026-05-29T04:26:41.000+08:00"}
    fields.update(request)
    fields = {k: v for k, v in fields.items() if v is not None}
    entry = {"name": name, "request": fields}
    if error is None:
        entry["response"] = {"id": "EV-20260529-0001", "what": what}
    else:
        entry["error"] = {"code": error}
    CASES.append(entry)


def trade(state):
    return {"about": "trade", "out_trade_no": "P0000000000000000042", "state": state}


def giving_back(state):
    return {"about": "refund", "out_refund_no": "R0000000000000000007", "state": state}


def differs(field):
    return {"state": "mismatch", "field": field}


paid = envelope("TRANSACTION.SUCCESS", transaction())
raw = text_of(paid)
BAD_SIGNATURE, STALE, BAD_FIELD, BAD_ANSWER, BAD_SEAL = 410, 411, 100, 401, 801

case("a payment", paid, trade(PAID))
case("header names in lower case, body in base64", paid, trade(PAID), headers={k.lower(): v for k, v in signed(raw).items()}, body=None, body_base64=base64.b64encode(raw.encode()).decode())
case("escaped slashes stay as they were signed", raw.replace("支付成功", "a\\/b\\u4e2d"), trade(PAID))
case("white space and key order are not normalised", json.dumps(paid, ensure_ascii=False, indent=1), trade(PAID))
case("no signature type header", paid, trade(PAID), change={"Wechatpay-Signature-Type": None})
case("an empty associated_data", envelope("TRANSACTION.SUCCESS", transaction(), aad=""), trade(PAID))
case("no associated_data", envelope("TRANSACTION.SUCCESS", transaction(), aad="", associated_data=None), trade(PAID))
case("signed with the platform certificate", paid, trade(PAID), serial=SERIAL, keys=[CERTIFICATE])
case("migration, both loaded, signed by certificate", paid, trade(PAID), serial=SERIAL, keys=[PUBLIC, CERTIFICATE])
case("migration, both loaded, signed by public key", paid, trade(PAID), keys=[CERTIFICATE, PUBLIC])
case("a payment of which some went back was paid", envelope("TRANSACTION.SUCCESS", transaction(trade_state="REFUND")), trade(PAID))
case("299 seconds old", paid, trade(PAID), now="2026-05-29T04:31:39.000+08:00")
case("299 seconds early", paid, trade(PAID), now="2026-05-29T04:21:41.000+08:00")
case("a refund", envelope("REFUND.SUCCESS", refund(), "refund"), giving_back({"state": "done", "refund_no": "50300002345202605290000000009", "amount_fen": 132, "at": "2026-05-29T04:26:39.000+08:00"}))
case("an abnormal refund", envelope("REFUND.ABNORMAL", refund("ABNORMAL", success_time=None), "refund"), giving_back({"state": "abnormal"}))
case("a closed refund", envelope("REFUND.CLOSED", refund("CLOSED", success_time=None), "refund"), giving_back({"state": "closed"}))
case("an event we do not act on", envelope("MEDICAL_INSURANCE.SUCCESS", {"x": 1}), {"about": "other", "event": "MEDICAL_INSURANCE.SUCCESS"})
case("a foreign merchant", envelope("TRANSACTION.SUCCESS", transaction(mchid="1900007292")), trade(differs("mchid")))
case("a foreign app", envelope("TRANSACTION.SUCCESS", transaction(appid="wx0000000000000000")), trade(differs("appid")))
case("a foreign currency", envelope("TRANSACTION.SUCCESS", transaction(amount={"total": 12132, "currency": "USD"})), trade(differs("amount.currency")))
case("a success event about an unpaid order", envelope("TRANSACTION.SUCCESS", transaction(trade_state="NOTPAY")), trade(differs("trade_state")))
case("a refund of a foreign merchant", envelope("REFUND.SUCCESS", refund(mchid="1900007292"), "refund"), giving_back(differs("mchid")))
case("a refund event that contradicts its status", envelope("REFUND.SUCCESS", refund("CLOSED"), "refund"), giving_back(differs("refund_status")))

for header in ("Timestamp", "Nonce", "Signature", "Serial"):
    case(f"without Wechatpay-{header}", paid, error=BAD_SIGNATURE, change={f"Wechatpay-{header}": None})
    case(f"with an empty Wechatpay-{header}", paid, error=BAD_SIGNATURE, change={f"Wechatpay-{header}": ""})
case("no headers at all", paid, error=BAD_SIGNATURE, headers={})
case("a signature header twice in two spellings", paid, error=BAD_SIGNATURE, change={"wechatpay-signature": signed(raw)["Wechatpay-Signature"]})
case("WeChat's signature probe", paid, error=BAD_SIGNATURE, change={"Wechatpay-Signature": "WECHATPAY/SIGNTEST/" + signed(raw)["Wechatpay-Signature"][19:]})
case("a signature that is not base64", paid, error=BAD_SIGNATURE, change={"Wechatpay-Signature": "***"})
case("a signature cut short", paid, error=BAD_SIGNATURE, change={"Wechatpay-Signature": signed(raw)["Wechatpay-Signature"][:40]})
case("a signature of another message", paid, error=BAD_SIGNATURE, change={"Wechatpay-Signature": signed(raw + " ")["Wechatpay-Signature"]})
case("one byte of the body changed", paid, error=BAD_SIGNATURE, sent=raw.replace("EV-20260529-0001", "EV-20260529-0002"))
case("the body re-serialised", json.dumps(paid), error=BAD_SIGNATURE, sent=raw)
case("the timestamp moved", paid, error=BAD_SIGNATURE, change={"Wechatpay-Timestamp": str(SIGNED_AT + 1)})
case("another nonce", paid, error=BAD_SIGNATURE, change={"Wechatpay-Nonce": "x"})
case("a timestamp that is no number", paid, error=BAD_SIGNATURE, change={"Wechatpay-Timestamp": "+1780000000"})
case("signed by someone else's key", paid, error=BAD_SIGNATURE, keys=[OTHER])
case("a serial number that is not loaded", paid, error=BAD_SIGNATURE, serial=SERIAL)
case("an expired certificate", paid, error=BAD_SIGNATURE, serial=SERIAL, keys=[{"id": SERIAL, "pem": pem_certificate(2015, 2020)}])
case("a GM signature scheme", paid, error=BAD_SIGNATURE, change={"Wechatpay-Signature-Type": "WECHATPAY2-SM2-WITH-SM3"})
case("a host header cannot switch it off", paid, error=BAD_SIGNATURE, change={"Host": "localhost", "Wechatpay-Signature": "AAAA"})
case("300 seconds old", paid, error=STALE, now="2026-05-29T04:31:40.000+08:00")
case("301 seconds early", paid, error=STALE, now="2026-05-29T04:21:39.000+08:00")
case("another APIv3 key", paid, error=BAD_SEAL, apiv3_key="b" * 32)
case("a nonce of 8 bytes", envelope("TRANSACTION.SUCCESS", transaction(), nonce="uluk4a9R"), error=BAD_SEAL)
case("a nonce of 16 bytes", envelope("TRANSACTION.SUCCESS", transaction(), nonce="uluk4a9R25RW0000"), error=BAD_SEAL)
case("another associated_data", envelope("TRANSACTION.SUCCESS", transaction(), associated_data="refund"), error=BAD_SEAL)
case("a ciphertext that is not base64", envelope("TRANSACTION.SUCCESS", transaction(), ciphertext="***"), error=BAD_SEAL)
case("a ciphertext shorter than its tag", envelope("TRANSACTION.SUCCESS", transaction(), ciphertext="AAAA"), error=BAD_SEAL)
case("a tag with one bit flipped", envelope("TRANSACTION.SUCCESS", transaction(), ciphertext=base64.b64encode((lambda b: b[:-1] + bytes([b[-1] ^ 1]))(base64.b64decode(seal("{}")))).decode()), error=BAD_SEAL)
case("an unknown algorithm", envelope("TRANSACTION.SUCCESS", transaction(), algorithm="none"), error=BAD_SEAL)
case("signed, but not JSON", "hello", error=BAD_ANSWER)
case("signed, but empty", "", error=BAD_ANSWER)
case("a repeated key in the envelope", raw.replace('"id":"EV-20260529-0001"', '"id":"EV-1","id":"EV-20260529-0001"'), error=BAD_ANSWER)
case("a repeated key in the sealed object", envelope("TRANSACTION.SUCCESS", text_of(transaction()).replace('"trade_state":"SUCCESS"', '"trade_state":"NOTPAY","trade_state":"SUCCESS"')), error=BAD_ANSWER)
case("a fraction of a fen", envelope("TRANSACTION.SUCCESS", text_of(transaction()).replace('"total":12132', '"total":12132.0')), error=BAD_ANSWER)
case("an amount as text", envelope("TRANSACTION.SUCCESS", transaction(amount={"total": "12132", "currency": "CNY"})), error=BAD_ANSWER)
case("no amount", envelope("TRANSACTION.SUCCESS", transaction(amount={"currency": "CNY"})), error=BAD_ANSWER)
case("an amount of nothing", envelope("TRANSACTION.SUCCESS", transaction(amount={"total": 0, "currency": "CNY"})), error=BAD_ANSWER)
case("a success time without an offset", envelope("TRANSACTION.SUCCESS", transaction(success_time="2026-05-29T04:26:38")), error=BAD_ANSWER)
case("a refund object on a payment event", envelope("TRANSACTION.SUCCESS", refund(), "transaction"), error=BAD_ANSWER)
case("a payment object on a refund event", envelope("REFUND.SUCCESS", transaction(), "refund"), error=BAD_ANSWER)
case("status instead of refund_status", envelope("REFUND.SUCCESS", {**refund(), "refund_status": None, "status": "SUCCESS"}, "refund"), error=BAD_ANSWER)
case("an APIv3 key of 16 bytes", paid, error=BAD_FIELD, apiv3_key="a" * 16)
case("no body", paid, error=BAD_FIELD, body=None)
case("two bodies", paid, error=BAD_FIELD, body_base64="")
case("a key that is not PEM", paid, error=BAD_FIELD, keys=[{"id": PUB_ID, "pem": "x"}])
case("a certificate under a foreign serial number", paid, error=BAD_FIELD, keys=[{"id": "01", "pem": pem_certificate()}])

if __name__ == "__main__":
    text = json.dumps({"op": "channel.wechat.verify", "cases": CASES}, ensure_ascii=False, indent=1)
    (HERE / "wechat_verify.json").write_text(text + "\n", "utf-8")

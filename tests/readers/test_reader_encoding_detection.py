"""Text in the encodings of the world, without a word of which: what is found is what was written."""

import codecs
import re
import zipfile
from collections import Counter

import pytest

from pipelines.readers.encoding import decode
from pipelines.readers.encoding_detection import detect, is_mistaken
from pipelines.readers.undecodable import EncodingError

KOREAN = "오늘 아침 시장에서 사과와 배를 샀다. 값이 많이 올라서 조금 놀랐다."
CHINESE = "今天早上我在市场买了苹果和梨，价格涨了不少，但是水果很甜。"
TAIWANESE = "今天早上我在市場買了蘋果和梨，價格漲了不少，但是水果很甜。"
JAPANESE = "今朝、市場でりんごと梨を買いました。値段は上がりましたが、とても甘いです。"
RUSSIAN = "Сегодня утром я купил на рынке яблоки и груши."
UKRAINIAN = "Сьогодні вранці я купив на ринку яблука й груші, їх було багато."
BULGARIAN = "Тази сутрин купих ябълки и круши от пазара."
GREEK = "Σήμερα το πρωί αγόρασα μήλα και αχλάδια από την αγορά."
HEBREW = "הבוקר קניתי בשוק תפוחים ואגסים"
ARABIC = "اشتريت هذا الصباح تفاحا وإجاصا من السوق"
THAI = "เช้านี้ฉันซื้อแอปเปิ้ลและลูกแพร์จากตลาด"
TURKISH = "Bu sabah çarşıdan elma ve armut aldım, fiyatlar yükselmişti ama çok tatlıydı."
CZECH = "Dnes ráno jsem na trhu koupil jablka a hrušky, byly dražší než včera, ale velmi sladké."
POLISH = "Dziś rano kupiłem na targu jabłka i gruszki, były drogie, ale bardzo słodkie i świeże."
HUNGARIAN = "Ma reggel almát és körtét vettem a piacon, drága volt, de nagyon édes és jó ízű."
ROMANIAN = "Azi dimineaţă am cumpărat mere şi pere din piaţă."
CROATIAN = "Jutros sam na tržnici kupio jabuke i kruške, bile su skuplje, ali vrlo slatke, pa ću ih češće kupovati."
LITHUANIAN = "Šį rytą turguje pirkau obuolių ir kriaušių, jų kainos pakilo, bet vaisiai labai saldūs ir švieži."
LATVIAN = "Šorīt tirgū nopirku ābolus un bumbierus, cenas bija cēlušās, bet augļi ir ļoti saldi."
GERMAN = "Heute früh kaufte ich auf dem Markt Äpfel und Birnen; süß waren sie, aber nicht gerade günstig."
FRENCH = "Ce matin j’ai acheté des pommes et des poires au marché, elles étaient très sucrées."
SPANISH = "¿Compraste manzanas y peras mañana? Él también compró aquí ayer."
ICELANDIC = "Í morgun keypti ég epli og perur á markaðnum, þau voru dýr en mjög sæt."

WRITTEN = [
    *((KOREAN, name) for name in ("euc_kr", "cp949")),
    (KOREAN + " 펲시와 똠방각하", "cp949"),
    *((CHINESE, name) for name in ("gb2312", "gbk", "gb18030", "hz")),
    *((TAIWANESE, name) for name in ("big5", "cp950")),
    *((JAPANESE, name) for name in ("shift_jis", "cp932", "euc_jp", "iso2022_jp")),
    *((RUSSIAN, name) for name in ("cp1251", "koi8-r", "iso8859-5", "cp866", "mac-cyrillic")),
    *((UKRAINIAN, name) for name in ("cp1251", "koi8-u", "iso8859-5")),
    *((BULGARIAN, name) for name in ("cp1251", "koi8-r")),
    *((GREEK, name) for name in ("cp1253", "iso8859-7")),
    *((HEBREW, name) for name in ("cp1255", "iso8859-8")),
    *((ARABIC, name) for name in ("cp1256", "iso8859-6")),
    *((THAI, name) for name in ("tis-620", "cp874")),
    *((TURKISH, name) for name in ("cp1254", "iso8859-9")),
    *((text, name) for text in (CZECH, POLISH, HUNGARIAN, ROMANIAN, CROATIAN) for name in ("cp1250", "iso8859-2")),
    *((text, name) for text in (LITHUANIAN, LATVIAN) for name in ("cp1257", "iso8859-13")),
    *((text, "cp1252") for text in (GERMAN, FRENCH, SPANISH, ICELANDIC)),
    *((text, "iso8859-1") for text in (GERMAN, SPANISH, ICELANDIC)),
]


@pytest.mark.parametrize(("text", "encoding"), WRITTEN)
def test_a_sentence_is_found_as_it_was_written(text, encoding):
    assert decode(text.encode(encoding)).text == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("안녕하세요", "cp949"),
        ("공지사항", "cp949"),
        ("你好，世界", "gb18030"),
        ("新闻中心", "gb18030"),
        ("今天天氣很好", "big5"),
        ("こんにちは世界", "cp932"),
        ("お問い合わせ", "euc_jp"),
        ("Привет, мир", "cp1251"),
        ("Новости", "koi8-r"),
        ("Καλημέρα κόσμε", "cp1253"),
        ("שלום עולם", "cp1255"),
        ("café", "cp1252"),
        ("naïve", "cp1252"),
        ("Müller", "cp1252"),
    ],
)
def test_few_words_are_found_as_they_were_written(text, encoding):
    assert decode(text.encode(encoding)).text == text


@pytest.mark.parametrize(("text", "encoding"), [(GERMAN, "cp850"), (FRENCH.replace("’", "'"), "cp437")])
def test_dos_code_pages_are_refused_rather_than_guessed(text, encoding):
    with pytest.raises(EncodingError, match="set `encoding`"):
        decode(text.encode(encoding))


def test_two_letters_that_may_be_anything_are_refused():
    with pytest.raises(EncodingError, match="perhaps"):
        decode("да".encode("cp1251"))


def test_markup_does_not_hide_the_language():
    page = "<html><head><title>x</title><style>p { margin: 0 }</style></head><body>%s</body></html>"
    filler = "<div class='menu'><a href='/index.php?id=7'>Home</a></div>" * 200
    assert decode((page % (filler + KOREAN)).encode("cp949")).encoding == "cp949"


@pytest.fixture(scope="module")
def declarations(shared_data):
    """Language and label -> the Declaration of Human Rights in it, as the corpus itself says it is encoded."""
    labels = {"Latin1": "cp1252", "Latin2": "cp1250", "Cyrillic": "cp1251", "UTF8": "utf-8-sig", "Turkish": "cp1254"}
    labels |= {"SJIS": "cp932", "EUC": "euc_jp", "GB2312": "gb18030", "Hebrew": "cp1255", "Greek": "iso8859-7"}
    labels |= {"Arabic": "cp1256", "Baltic": "iso8859-4"}
    found = {}
    with zipfile.ZipFile(shared_data / "udhr/udhr.zip") as archive:
        for info in archive.infolist():
            name = info.filename.removeprefix("udhr/")
            if encoding := labels.get(name.rpartition("-")[2]):
                text = archive.read(info).decode(encoding, "ignore")
                # fonts of their own, and encodings other than the name says, show as control characters
                if not re.search("[\x7f-\x9f]", text) and not name.startswith(("Latvian-Latin1", "Vlach")):
                    found[name] = text
    return found


# Languages, by the names of the files -> encodings made for them.
MADE_FOR = {
    r".*-Latin2|Polish|Czech|Hungarian|Slov|Croat": ("cp1250", "iso8859-2"),
    r"Russian|Ukrain|Belor|Bulgar|Macedon": ("cp1251", "koi8_r", "koi8_u", "iso8859-5", "cp866", "mac_cyrillic"),
    "Greek": ("cp1253", "iso8859-7"),
    "Hebrew": ("cp1255", "iso8859-8"),
    "Arabic|Farsi": ("cp1256", "iso8859-6"),
    "Turkish": ("cp1254",),
    "Lithuan|Estonian": ("cp1257", "iso8859-13"),
    "Chinese": ("gb18030", "gbk"),
    "Japan": ("euc_jp", "cp932"),
    "Korean": ("cp949",),
    ".*-Latin1": ("cp1252", "iso8859-15"),
}


@pytest.mark.parametrize(("length", "right", "wrong"), [(10_000, 0.96, 0.03), (300, 0.95, 0.015), (80, 0.95, 0.02)])
def test_the_declaration_of_human_rights_in_every_language_and_encoding(declarations, length, right, wrong):
    counts: Counter[str] = Counter()
    for name, whole in declarations.items():
        text = whole[300 : 300 + length]
        encodings = next((names for pattern, names in MADE_FOR.items() if re.match(pattern, name)), ())
        for data in {text.encode(encoding, "ignore") for encoding in encodings if _holds(encoding, text)}:
            counts[_found(data, text)] += 1
    assert counts["right"] >= right * counts.total() > 100, counts
    assert counts["wrong"] <= wrong * counts.total(), counts


def _holds(encoding, text):
    return text.encode(encoding, "ignore").decode(encoding) == text and not text.isascii()


def _found(data, text):
    try:
        encoding = detect(data)
    except EncodingError:
        return "refused"
    return "right" if data.decode(encoding, "replace") == text else "wrong"


def test_no_declaration_that_is_right_is_doubted(declarations):
    doubted = []
    for name, whole in declarations.items():
        encodings = next((names for pattern, names in MADE_FOR.items() if re.match(pattern, name)), ())
        for text in (whole, whole[300:600], whole[300:380]):
            for encoding in (codecs.lookup(encoding).name for encoding in encodings if _holds(encoding, text)):
                if is_mistaken(encoding, text.encode(encoding)):
                    doubted.append((name, encoding))
    assert doubted == []


@pytest.mark.parametrize(
    ("text", "encoding", "declared"),
    [
        (KOREAN, "cp949", "iso-8859-1"),
        (CHINESE, "gb18030", "iso-8859-1"),
        (TAIWANESE, "big5", "gb2312"),
        (JAPANESE, "shift_jis", "iso-8859-1"),
        (JAPANESE, "euc_jp", "shift_jis"),
        (RUSSIAN, "cp1251", "iso-8859-1"),
        (RUSSIAN, "koi8-r", "windows-1251"),
        (GREEK, "iso8859-7", "iso-8859-1"),
        (HEBREW, "cp1255", "windows-1252"),
        (THAI, "cp874", "iso-8859-1"),
        (FRENCH + GERMAN, "cp1252", "shift_jis"),
    ],
)
def test_text_that_another_encoding_was_declared_for_is_no_mojibake(text, encoding, declared):
    found = decode(text.encode(encoding), declared=[declared])
    assert (found.text, found.source) == (text, "detected")

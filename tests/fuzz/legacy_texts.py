"""A sentence or two in many languages, and the encodings before UTF-8 in which each was written."""

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

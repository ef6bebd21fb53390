"""What detection knows of languages: their letters beyond ASCII, the most frequent first, and who writes them how.

Letter orders are general knowledge about the languages; only the order matters, and only roughly.
"""

Languages = dict[str, tuple[float, str]]
ANY = 0.0
MANY = "one of many others"

# Language -> (share of its letters that are beyond ASCII, those letters); `ANY` share: not known.
_GERMAN = {"German": (0.017, "üäößé")}
_ESTONIAN = {"Estonian": (0.04, "äõüöšž")}
_WESTERN = {
    MANY: (ANY, "éáíóúñàèìòùâêîôûäëïöüãõçåøæýßšž"),
    "Albanian": (0.08, "ëç"),
    "Breton": (0.03, "ñùêéôü"),
    "Catalan": (0.025, "àéíóèòçúïü"),
    "Danish, Norwegian": (0.025, "åøæéóòêè"),
    "Dutch": (ANY, "ëéïöèüê"),
    "Faroese": (0.1, "áøíðúæóý"),
    "Finnish, Swedish": (0.04, "äöåé"),
    "French": (0.03, "éàèêçôîùâûïœëüÿæ"),
    **_GERMAN,
    "Icelandic": (0.1, "áíðéóþöúæý"),
    "Irish": (0.06, "áéíóú"),
    "Italian": (0.008, "èàùòìéî"),
    "Northern Sotho": (0.01, "šêô"),
    "Portuguese": (0.03, "ãçáéíóêõâúàôü"),
    "Spanish": (0.02, "óíáñéúü"),
    "Welsh": (0.008, "âôîêûáï"),
}
_CENTRAL = {
    "Sorbian": (0.12, "łěšžčćńóřśźŕ"),
    "Croatian, Slovene": (0.025, "čšžćđ"),
    "Czech": (0.14, "íáéěřýčžšůúťňďó"),
    **_GERMAN,
    "Hungarian": (0.11, "áéöóőíüúű"),
    "Polish": (0.06, "ąężłóśćńź"),
    "Romanian": (0.05, "ăîţşâ"),
    "Slovak": (0.12, "íáčéýšľžúťôňäďóĺŕ"),
}
_BALTIC = {
    **_ESTONIAN,
    "Latvian": (0.12, "āīšēūņžļķģč"),
    "Lithuanian": (0.08, "ėšųžūįčąę"),
}
_NORTHERN = {
    "Greenlandic": (0.01, "åâîôûáéíæøãĩũĸ"),
    "Northern Sami": (0.08, "áčđšŧžŋ"),
    **_BALTIC,
}
_TURKISH = {"Turkish": (0.1, "ıüşçğöâî")}
_CYRILLIC = {
    "Bulgarian": (0.5, "аоиетнрсвлкдпмзгбуъчцщяжхйшфюь"),
    "Russian": (0.5, "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"),
}
_CYRILLIC_OTHERS = {
    "Belarusian": (0.5, "анотіерсклвмдупяыўзйьбгчшжцхюэёф"),
    "Macedonian": (0.5, "аоеитнрсвдклпмугзјбшчцжфхќџѓњљѕ"),
    "Serbian": (0.5, "аоиенрјтсукдвлмпгзбчћшњљжцхђфџ"),
    "Ukrainian": (0.5, "оаниіторвелскдумпязьбгйчхшжцюєїщфґ"),
}
_GREEK = {"Greek": (0.5, "αοιετσνηυρπκμλςίόάέωθήύώγδχφβξζψϊϋΐΰ")}
_HEBREW = {"Hebrew": (0.5, "יוהלאתרשבמםנחכקדעפטצגזסןךףץ")}
_ARABIC = {
    "Arabic": (0.5, "اليمنتوربدعسةفهحكجقخشصطغضذزثظءئإأآىؤ"),
    "Persian": (0.5, "اينردمهوتبسشکخلزفگعقجپحچصطذضژغظثآئ"),
}
_THAI = {"Thai": (0.5, "านรอกเงมยล่วดท้ัสตะปีบิคหแจพชขใุไูโณผซธถึศฎญ์ภษ็ำฐฉฝ")}

# Encodings of one byte a character, by Python's names: (how rare, as a power of e; its languages). Of two that decode
# the same, the first wins.
SINGLE_BYTE: dict[str, tuple[float, Languages]] = {
    "cp1252": (0, _WESTERN),
    "cp1251": (1, _CYRILLIC | _CYRILLIC_OTHERS),
    "cp1250": (1.5, _CENTRAL),
    "iso8859-2": (1.5, _CENTRAL),
    "cp1253": (1.5, _GREEK),
    "iso8859-7": (1.5, _GREEK),
    "cp1254": (2.5, _TURKISH),
    "cp1255": (1.5, _HEBREW),
    "iso8859-8": (3, _HEBREW),
    "cp1256": (1.5, _ARABIC),
    "iso8859-6": (4, _ARABIC),
    "cp1257": (2.5, _BALTIC),
    "iso8859-13": (3, _BALTIC),
    "cp874": (1.5, _THAI),
    "koi8-r": (2.5, _CYRILLIC),
    "koi8-u": (3, _CYRILLIC | {"Ukrainian": _CYRILLIC_OTHERS["Ukrainian"]}),
    "iso8859-5": (3, _CYRILLIC | _CYRILLIC_OTHERS),
    "cp866": (3, _CYRILLIC | {name: _CYRILLIC_OTHERS[name] for name in ("Belarusian", "Ukrainian")}),
    "iso8859-15": (2, _WESTERN | _ESTONIAN),
    "mac-roman": (4, _WESTERN),
    "mac-cyrillic": (4, _CYRILLIC | _CYRILLIC_OTHERS),
    "iso8859-3": (6, {"Esperanto": (0.02, "ĝĉŭŝĵĥ"), "Maltese": (0.04, "ħġżċàùòè")}),
    "iso8859-4": (5, _NORTHERN),
    "iso8859-10": (6, _NORTHERN),
    "iso8859-14": (6, {"Irish": (0.06, "áéíóúḃċḋḟġṁṗṡṫ"), "Welsh": (0.008, "âŵôŷîêûáï")}),
    "iso8859-16": (8, {"Romanian": (0.05, "ăîțșâ")}),
    "cp1258": (5, {"Vietnamese": (0.25, "đươôâêă\u0301\u0300\u0323\u0309\u0303")}),
}
# DOS code pages, which the Encoding Standard does not know. They are here to be recognised, not to be guessed.
DOS: dict[str, tuple[float, Languages]] = {
    "cp437": (3, _WESTERN),
    "cp850": (2.5, _WESTERN),
    "cp852": (3, _CENTRAL),
    "cp775": (4, _BALTIC),
    "cp737": (4, _GREEK),
    "cp857": (4, _TURKISH),
    "cp862": (4, _HEBREW),
}

CHINESE = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种"
    "事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公"
    "此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回"
    "特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电"
    "数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界"
    "达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运"
)
CHINESE_TRADITIONAL = (
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然家種"
    "事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日軍者意無力它與長把機十民第公"
    "此已工使情明性知全三又關點正業外將兩高間由問很最重並物手應戰向頭文體政美相見被利什二等產或新己制身果加西斯月話合回"
    "特代內信表化老給世位次度門任常先海通教兒原東聲提立及比員解水名真論處走義各入幾口認條平系氣題活爾更別打女變四神總何電"
    "數安少報才結反受目太量再感建務做接必場件計管期市直德資命山金指克許統區保至隊形社便空決治展馬科司五基眼書非則聽白卻界"
    "達光放強即像難且權思王象完設式色路記南品住告類求據程北邊死張該交規萬取拉格望覺術領共確傳師觀清今切院讓識候帶導爭運"
)
KOREAN = (
    "이다는의에을가고하지은한로사를기도나서인어리자대시아라그으정과부일전해보여수만들있것주성우스장게공제동경상면때원세비화구"
    "었생연모신안소중국조선관적등실분내문유용방러무위발오당회계단말진미체간산까요양명저음입식민물권현려학반데치르마니와거된되"
    "없않였했며습될할던네더노두바버야운행교결통차호후달영업직평강본타란남람울외금개건년월살질배불복심속레드트크디프터"
)
JAPANESE = (
    "のいになたるとしはてをがでかんっまれりこらうもさすきくあえけせつだよどおそわちみやめじばろずびほげぎぶひぐへふむねべぼごゆ"
    "ーンスルトリアイラクシドレジロタフテマグバカムコサプメデナキブオウニパツセハダビッィャュョぜぬづぞ"
    "日人一大国会年中本上出学生分事者自長行時同月東場業対十前地方後新部目開市合体小立的高化力物家通言手定理今気社性法文主"
    "回権間名下明金員要動作入発実現政民度話関代内当全何問題意見私来思多子"
)

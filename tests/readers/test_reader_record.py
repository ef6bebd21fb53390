from pipelines.readers.record import Document, Reason, accept, doc_id


def test_doc_ids_never_change():
    assert doc_id("books", "a/b.txt", 0, "Call me Ishmael.") == "539ff79467a33703402d0d4bf181bb11"
    assert doc_id("bücher", "ä!/β.txt", 1 << 40, "Ж\n") == "3b7152adbbb3cbe876f41e8411fc932a"
    assert doc_id("", "", 0, "") == "6cfcc144334ec8da5641bb25df71a123"


def test_doc_id_keeps_neighbouring_fields_apart():
    assert doc_id("a", "bc", 0, "t") != doc_id("ab", "c", 0, "t")
    assert doc_id("a", "b", 1, "2t") != doc_id("a", "b", 12, "t")


def test_text_of_white_space_is_empty():
    assert accept(3, " \n\u3000\t", {}, b"raw").reason is Reason.EMPTY


def test_null_character_is_rejected_with_its_place():
    reject = accept(3, "abc\0d", {}, b"raw")
    assert (reject.reason, reject.position, reject.sample) == (Reason.NULL_CHARACTER, 3, b"raw")
    assert "character 3" in reject.detail


def test_unpaired_surrogate_cannot_be_stored_and_is_rejected():
    assert accept(0, "a\ud800b", {}, b"raw").reason is Reason.ENCODING


def test_unpaired_surrogate_in_meta_is_replaced():
    assert accept(0, "text", {"url": "x\udcff"}, b"") == Document(0, "text", {"url": "x\ufffd"})


def test_sample_is_cut():
    assert len(accept(0, "", {}, b"x" * 1000).sample) == 256

//! Canonical JSON against the examples of RFC 8785, and against `serde_json` as a second reader.

use baton_domain::log::canonical::{CanonicalError, INT_MAX, Json, MAX_DEPTH};
use proptest::prelude::*;

fn text_of(value: &Json) -> String {
    String::from_utf8(value.to_bytes()).expect("UTF-8")
}

fn parse(text: &str) -> Result<Json, CanonicalError> {
    Json::parse(text.as_bytes())
}

#[test]
fn strings_are_written_as_in_the_example_of_section_3_2_2() {
    let value = Json::from("\u{20ac}$\u{f}\u{a}A'\u{42}\u{22}\u{5c}\\\"/");
    assert_eq!(text_of(&value), r#""€$\u000f\nA'B\"\\\\\"/""#);
}

#[test]
fn members_are_sorted_as_in_the_example_of_section_3_2_3() {
    let value = Json::object([
        ("\u{20ac}", Json::from("Euro Sign")),
        ("\r", Json::from("Carriage Return")),
        ("\u{fb33}", Json::from("Hebrew Letter Dalet With Dagesh")),
        ("1", Json::from("One")),
        ("\u{1f600}", Json::from("Emoji: Grinning Face")),
        ("\u{80}", Json::from("Control")),
        ("\u{f6}", Json::from("Latin Small Letter O With Diaeresis")),
    ]);
    let written = text_of(&value);
    assert_eq!(
        written,
        "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u{80}\":\"Control\",\
         \"\u{f6}\":\"Latin Small Letter O With Diaeresis\",\"\u{20ac}\":\"Euro Sign\",\
         \"\u{1f600}\":\"Emoji: Grinning Face\",\
         \"\u{fb33}\":\"Hebrew Letter Dalet With Dagesh\"}"
    );
    assert_eq!(parse(&written), Ok(value));
}

#[test]
fn every_control_character_has_one_escape_and_nothing_else_has_any() {
    let mut written = String::new();
    for control in '\0'..' ' {
        written += text_of(&Json::from(control.to_string())).trim_matches('"');
    }
    assert_eq!(
        written,
        "\\u0000\\u0001\\u0002\\u0003\\u0004\\u0005\\u0006\\u0007\\b\\t\\n\\u000b\\f\\r\\u000e\\u000f\
         \\u0010\\u0011\\u0012\\u0013\\u0014\\u0015\\u0016\\u0017\
         \\u0018\\u0019\\u001a\\u001b\\u001c\\u001d\\u001e\\u001f"
    );
    for other in [
        ' ',
        '/',
        '\'',
        '<',
        '\u{7f}',
        '\u{80}',
        '\u{2028}',
        '\u{feff}',
        '\u{10ffff}',
    ] {
        assert_eq!(
            text_of(&Json::from(other.to_string())),
            format!("\"{other}\"")
        );
    }
}

#[test]
fn surrogate_pairs_sort_before_the_last_characters_of_the_basic_plane() {
    let value = Json::object([
        ("\u{e000}", Json::Null),
        ("\u{ffff}", Json::Null),
        ("\u{10000}", Json::Null),
        ("\u{d7ff}", Json::Null),
        ("\u{10ffff}", Json::Null),
        ("a", Json::Null),
        ("", Json::Null),
        ("aa", Json::Null),
    ]);
    let written = text_of(&value);
    let sorted = [
        "",
        "a",
        "aa",
        "\u{d7ff}",
        "\u{10000}",
        "\u{10ffff}",
        "\u{e000}",
        "\u{ffff}",
    ];
    let expected: Vec<_> = sorted
        .iter()
        .map(|name| format!("\"{name}\":null"))
        .collect();
    assert_eq!(written, format!("{{{}}}", expected.join(",")));
    assert_eq!(parse(&written), Ok(value));
}

#[test]
fn all_kinds_of_value_are_written_without_white_space() {
    let value = Json::object([
        ("list", Json::from(vec![1, 2, 3])),
        ("none", Json::from(None::<bool>)),
        (
            "empty",
            Json::Arr(vec![Json::Obj([].into()), Json::Arr(vec![])]),
        ),
        ("some", Json::from(Some(true))),
        ("least", Json::Int(-INT_MAX)),
    ]);
    let expected =
        r#"{"empty":[{},[]],"least":-9007199254740992,"list":[1,2,3],"none":null,"some":true}"#;
    assert_eq!(text_of(&value), expected);
    assert_eq!(parse(expected), Ok(value));
}

#[test]
fn json_in_another_form_is_refused() {
    for (text, at) in [
        ("", 0),
        (" null", 0),
        ("null ", 4),
        ("nul", 0),
        ("True", 0),
        ("nullnull", 4),
        ("\u{feff}null", 0),
        ("[1, 2]", 3),
        ("[1,]", 3),
        ("[,1]", 1),
        ("[1", 2),
        ("[1 ]", 2),
        (r#"{"a" :1}"#, 4),
        (r#"{"a":1,}"#, 7),
        (r#"{"a"}"#, 4),
        (r"{a:1}", 1),
        (r#"{"a":1"#, 6),
        ("'a'", 0),
        (r#""a"#, 2),
        ("\"\n\"", 1),
        ("\"\0\"", 1),
        (r#""\/""#, 1),
        (r#""\u0041""#, 1),
        (r#""\u000a""#, 1),
        (r#""\u0022""#, 1),
        (r#""\u001F""#, 1),
        (r#""\U001f""#, 1),
        (r#""\u001""#, 1),
        (r#""\ud83d\ude00""#, 1),
        (r#""\v""#, 1),
        (r#""\"#, 1),
        ("-0", 0),
        ("-", 0),
        ("00", 0),
        ("01", 0),
        ("-01", 0),
        ("+1", 0),
        ("1-1", 0),
        ("--1", 0),
        ("0x1", 1),
        ("NaN", 0),
    ] {
        assert_eq!(
            parse(text),
            Err(CanonicalError::Unexpected { at }),
            "{text:?}"
        );
    }
    assert_eq!(
        Json::parse(b"\"a\xff\""),
        Err(CanonicalError::Utf8 { at: 2 })
    );
    // A lone surrogate in the disguise of UTF-8.
    assert_eq!(
        Json::parse(b"\"\xed\xa0\x80\""),
        Err(CanonicalError::Utf8 { at: 1 })
    );
}

#[test]
fn numbers_are_integers_that_doubles_can_hold() {
    for text in [
        "1.0",
        "-0.5",
        "1e3",
        "1E3",
        "1.",
        "0e0",
        "9007199254740993.0",
    ] {
        assert_eq!(parse(text), Err(CanonicalError::Float { at: 0 }), "{text}");
    }
    for text in [
        "9007199254740993",
        "-9007199254740993",
        "9223372036854775808",
        &"9".repeat(400),
    ] {
        assert_eq!(
            parse(text),
            Err(CanonicalError::IntOutOfBounds { at: 0 }),
            "{text}"
        );
    }
    for value in [0, 1, -1, 10, INT_MAX, -INT_MAX] {
        assert_eq!(parse(&value.to_string()), Ok(Json::Int(value)));
    }
    assert_eq!(
        parse(&text_of(&Json::Int(i64::MIN))),
        Err(CanonicalError::IntOutOfBounds { at: 0 })
    );
}

#[test]
fn members_stand_once_and_in_order() {
    assert_eq!(
        parse(r#"{"a":1,"a":1}"#),
        Err(CanonicalError::DuplicateKey { at: 7 })
    );
    assert_eq!(
        parse(r#"{"b":1,"a":1}"#),
        Err(CanonicalError::UnsortedKey { at: 7 })
    );
    let by_code_point = "{\"\u{ffff}\":1,\"\u{10000}\":1}";
    assert_eq!(
        parse(by_code_point),
        Err(CanonicalError::UnsortedKey { at: 9 })
    );
    // The same name in another normal form is another name.
    assert!(parse("{\"e\u{301}\":1,\"\u{e9}\":1}").is_ok());
}

#[test]
fn nesting_is_limited() {
    let nested = |depth: u32| {
        let depth = depth as usize;
        format!("{}{}", "[".repeat(depth), "]".repeat(depth))
    };
    assert!(parse(&nested(MAX_DEPTH)).is_ok());
    let too_deep = CanonicalError::TooDeep {
        at: MAX_DEPTH as usize,
    };
    assert_eq!(parse(&nested(MAX_DEPTH + 1)), Err(too_deep));
    assert_eq!(parse(&"[".repeat(1_000_000)), Err(too_deep));
    assert_eq!(
        parse("[[],[[]],[]]")
            .map(|value| text_of(&value))
            .as_deref(),
        Ok("[[],[[]],[]]")
    );
}

fn any_json() -> impl Strategy<Value = Json> {
    let text = prop_oneof![
        "\\PC{0,8}",
        "[\\x00-\\x7f]{0,8}",
        "[\u{d7f0}-\u{10010}]{0,4}"
    ];
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        (-INT_MAX..=INT_MAX).prop_map(Json::Int),
        text.clone().prop_map(Json::Str),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Json::Arr),
            prop::collection::btree_map(text.clone(), inner, 0..6).prop_map(Json::Obj),
        ]
    })
}

/// The same value as `serde_json` sees it.
fn as_serde(value: &Json) -> serde_json::Value {
    match value {
        Json::Null => serde_json::Value::Null,
        Json::Bool(value) => (*value).into(),
        Json::Int(value) => (*value).into(),
        Json::Str(text) => text.clone().into(),
        Json::Arr(values) => values.iter().map(as_serde).collect(),
        Json::Obj(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), as_serde(value)))
            .collect(),
    }
}

proptest! {
    #[test]
    fn what_was_written_is_read_back_here_and_elsewhere(value in any_json()) {
        let bytes = value.to_bytes();
        prop_assert_eq!(serde_json::from_slice::<serde_json::Value>(&bytes)?, as_serde(&value));
        prop_assert_eq!(Json::parse(&bytes)?, value);
    }

    #[test]
    fn changed_bytes_are_refused_or_read_as_what_they_say(
        value in any_json(),
        at in any::<prop::sample::Index>(),
        change in any::<u8>(),
    ) {
        let mut bytes = value.to_bytes();
        let at = at.index(bytes.len());
        bytes[at] = change;
        if let Ok(read) = Json::parse(&bytes) {
            prop_assert_eq!(read.to_bytes(), bytes);
        }
    }

    #[test]
    fn what_is_read_is_one_form_only(text in r#"[\[\]{}":,\\ua-f0-9. -]{0,12}"#) {
        if let Ok(read) = parse(&text) {
            prop_assert_eq!(text_of(&read), text);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = Json::parse(&bytes);
    }
}

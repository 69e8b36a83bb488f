use proptest::prelude::*;

use super::*;

fn guard(phrases: &[&str]) -> Guard {
    phrases
        .iter()
        .map(|one| Phrase::parse(one).unwrap())
        .collect()
}

/// A field of bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut field = vec![number << 3 | 2, u8::try_from(bytes.len()).unwrap()];
    field.extend_from_slice(bytes);
    field
}

#[test]
fn a_name_is_found_as_a_reader_would_find_it() {
    let guard = guard(&[
        "O'Brien",
        "Zoë",
        "Anne-Marie",
        "St Mary's Primary",
        "Łukasz",
    ]);
    for text in [
        "Mrs O'Brien rang",
        "o brien",
        "OBRIEN's bag",
        "the O’Briens' house, O’Brien",
        "Zoe, 10",
        "ZOË",
        "Zoe\u{308}",
        "annemarie",
        "Anne  Marie",
        "at St. Mary's primary until May",
        "łukasz",
        "Lukasz",
    ] {
        assert!(guard.is_named_in(text), "{text}");
    }
    for text in ["Brien", "Zoea", "Joanne Marie", "St Mary's", "", "obrienx"] {
        assert!(!guard.is_named_in(text), "{text}");
    }
}

#[test]
fn a_phrase_has_two_letters_and_at_most_sixty_characters() {
    assert_eq!(Phrase::parse(" x! "), Err(PhraseFault::TooShort));
    assert_eq!(Phrase::parse(""), Err(PhraseFault::TooShort));
    assert!(Phrase::parse("Ng").is_ok());
    assert!(Phrase::parse(&"é".repeat(60)).is_ok());
    assert_eq!(Phrase::parse(&"x".repeat(61)), Err(PhraseFault::TooLong));
    let debug = format!("{:?} {:?}", Phrase::parse("Ng").unwrap(), guard(&["Ng"]));
    assert_eq!(debug, "Phrase Guard");
}

#[test]
fn the_place_is_told_by_the_fields_on_the_way_to_it() {
    let inner = [field(1, b"Ada"), field(2, b"lives with the Smiths")].concat();
    let outer = [
        field(3, &inner),
        field(4, b"Smith"),
        field(4, b"Jones"),
        vec![0x28, 7],
    ]
    .concat();
    assert_eq!(guard(&["Smiths"]).find(&outer), [vec![3, 2]]);
    assert_eq!(guard(&["smith"]).find(&outer), [vec![4]]);
    assert_eq!(guard(&["Ada", "Jones"]).find(&outer), [vec![3, 1], vec![4]]);
    assert!(
        guard(&["Ada lives"]).find(&outer).is_empty(),
        "two fields are not one text"
    );
    assert!(Guard::default().find(&outer).is_empty());
}

#[test]
fn a_text_before_which_its_length_looks_like_a_letter_is_found() {
    // 0x41 is the length of this text, and the letter A.
    let text = format!("Smith{}", " ".repeat(0x41 - 5));
    assert_eq!(
        guard(&["Smith"]).find(&field(1, text.as_bytes())),
        [vec![1]]
    );
}

#[test]
fn a_text_that_reads_as_fields_too_is_found_in_its_place() {
    // "2 " begins a field six of 32 bytes, and ", after" ends one.
    let text = "2 a.a 0 AØAaØAøØøÀAÀ, after";
    let found = guard(&["AØAaØAøØøÀAÀ"]).find(&field(1, text.as_bytes()));
    assert_eq!(found, [[1, 6]], "what the contract names is the first");
}

proptest! {
    /// Nothing that is received ends it or makes it loop.
    #[test]
    fn any_bytes_are_looked_through(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = guard(&["ab", "smith"]).find(&bytes);
    }

    /// What stands between other words is found, however deep it lies.
    #[test]
    fn a_phrase_is_found_at_any_depth(
        name in "[A-Za-zÀ-ÖØ-öø-ÿ]{2,12}",
        before in "[ .,a-z0-9]{0,8}",
        depth in 0..5_usize,
    ) {
        prop_assume!(Phrase::parse(&name).is_ok());
        let text = format!("{before} {name}, after");
        let mut section = field(1, text.as_bytes());
        for _ in 0..depth {
            section = field(2, &section);
        }
        let mut path = vec![2; depth];
        path.push(1);
        let found = guard(&[&name.to_uppercase()]).find(&section);
        // A text may read as fields too: "2 .." is a field six of 32 bytes. Then the place goes on
        // past it, where the contract has no names.
        prop_assert_eq!(found.len(), 1);
        prop_assert!(found[0].starts_with(&path), "{:?} is not in {:?}", found, path);
    }
}

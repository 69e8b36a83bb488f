//! Laws that hold for any input: no reader panics or goes on for ever, and what the Common Transfer
//! File reader accepts the contract accepts.

use baton_formats::{
    cohort::Cohort, ctf::CtfReader, detect::detect, gias::Register, records::Records,
};
use baton_wire::walk;
use jiff::civil::{Date, date};
use proptest::{prelude::*, sample::Index};
use prost::Message;

const TODAY: Date = date(2026, 7, 20);
const CTF: &str = include_str!("fixtures/ctf-25.xml");
const FULL_PUPIL: &str = include_str!("fixtures/ctf-pupil-full.xml");
const REGISTER: &[u8] = include_bytes!("fixtures/gias-139-windows-1252.csv");
const COHORT: &[u8] = b"sender_scheme,sender,upn,receiver_scheme,receiver,route,academic_year\n\
    gias,199901,E351394824001,gias,199902,primary-secondary,2025\n";
const RECORDS: &[u8] =
    b"[{\"signatory\": \"A\", \"point\": [1, {\"a\": \"\\u00e9\"}]}, {\"b\": 2}]";

/// Reads the bytes as everything they could be. Reports are written out too: they must not panic
/// either.
fn read_as_everything(bytes: &[u8]) {
    let _ = detect(bytes).map_err(|refusal| refusal.to_string());
    if let Ok(reader) = CtfReader::open(bytes, TODAY) {
        for pupil in reader {
            let _ = pupil
                .map(|pupil| pupil.to_sections())
                .map_err(|problem| problem.to_string());
        }
    }
    if let Ok(register) = Register::open(bytes) {
        for row in register {
            let _ = row
                .map(|row| (row.kind(), row.laestab()))
                .map_err(|told| told.to_string());
        }
    }
    if let Ok(cohort) = Cohort::open(bytes, TODAY) {
        cohort.for_each(|row| drop(row.map_err(|problem| problem.to_string())));
    }
    if let Ok(records) = Records::open(bytes) {
        records.for_each(|record| drop(record.map_err(|problem| problem.to_string())));
    }
}

/// One of the sound files.
fn sound() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(CTF.as_bytes().to_vec()),
        Just(CTF.replace("<Pupil>", FULL_PUPIL).into_bytes()),
        Just(REGISTER.to_vec()),
        Just(COHORT.to_vec()),
        Just(RECORDS.to_vec()),
    ]
}

/// Texts that stand in a wrong place, with some that are right somewhere.
const TEXTS: &[&str] = &[
    "",
    " ",
    "0",
    "1",
    "true",
    "Y",
    "N",
    "K",
    "E",
    "P",
    "S",
    "BESD",
    "NSA",
    "ENG",
    "AKAF",
    "WALB",
    "WLS",
    "F",
    "FSP",
    "EYF",
    "E01",
    "KS2",
    "MTC",
    "MT",
    "2",
    "23",
    "X",
    "R",
    "2025",
    "2099",
    "2014-11-02",
    "2026-07-21",
    "1899-12-31",
    "02/11/2014",
    "351",
    "XXX",
    "XXXX",
    "E351394824001",
    "9999000117",
    "9999999999",
    "BL9 OAA",
    "zz99 3wz",
    "+44 161 496 0000",
    "a@example.org",
    "a@b",
    "a.@.b",
    "/\\C1#",
    "Zoë",
    "\u{2028}",
    "two\nlines",
    "a\u{a0}b",
    "12345678901234567890123456789012345",
    "123456789012345678901234567890123456",
];

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::sample::select(TEXTS).prop_map(str::to_owned),
        "[ -~]{0,40}"
    ]
}

proptest! {
    #[test]
    fn no_reader_panics_on_random_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        read_as_everything(&bytes);
    }

    #[test]
    fn no_reader_panics_on_damaged_files(
        mut file in sound(),
        damage in proptest::collection::vec((any::<Index>(), any::<u8>()), 1..8),
        cut in any::<Index>(),
        cuts in any::<bool>(),
    ) {
        for (place, byte) in damage {
            let place = place.index(file.len());
            file[place] = byte;
        }
        if cuts {
            file.truncate(cut.index(file.len()));
        }
        read_as_everything(&file);
    }

    #[test]
    fn no_reader_panics_on_random_markup(
        pieces in proptest::collection::vec(proptest::sample::select(&[
            "<CTfile>", "<Header>", "</Header>", "<CTFpupilData>", "<Pupil>", "</Pupil>", "<UPN>",
            "</UPN>", "<a", ">", "/>", "&", "&amp;", "&#0;", "&x;", "<!--", "-->", "<![CDATA[",
            "]]>", "<?", "?>", "<!DOCTYPE", "E351394824001", "\"", "{", "}", "[", "]", ",", "\\",
            "\n", ":", "\u{feff}", "URN,LA (code)", "1",
        ][..]), 0..60),
    ) {
        read_as_everything(pieces.concat().as_bytes());
    }

    #[test]
    fn what_is_accepted_of_a_transfer_file_can_be_published(
        changes in proptest::collection::vec((any::<Index>(), value()), 1..5),
    ) {
        let mut parts: Vec<String> = FULL_PUPIL.split_inclusive('>').map(str::to_owned).collect();
        let leaves: Vec<usize> = (0..parts.len())
            .filter(|n| parts[*n].contains("</") && !parts[*n].trim_start().starts_with('<'))
            .collect();
        for (place, value) in changes {
            let part = &mut parts[leaves[place.index(leaves.len())]];
            let end = part.split_once("</").map(|(_, end)| end.to_owned()).unwrap_or_default();
            let escaped = value.replace('&', "&amp;").replace('<', "&lt;");
            *part = format!("{escaped}</{end}");
        }
        let (head, _) = CTF.split_once("<Pupil>").expect("a pupil");
        let file = format!("{head}{}</CTFpupilData></CTfile>", parts.concat());
        for pupil in CtfReader::open(file.as_bytes(), TODAY).expect("a file").flatten() {
            let content = pupil.to_sections().encode_to_vec().into();
            let refused = walk::sections(&content, TODAY).err();
            prop_assert!(refused.is_none(), "{refused:#?}\n{file}");
        }
    }
}

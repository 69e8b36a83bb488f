//! Files people hand over, and what they are taken for.

use baton_formats::detect::{Format, detect};

const REGISTER: &[u8] = include_bytes!("fixtures/gias-135-utf8-bom.csv");
const CTF: &[u8] = include_bytes!("fixtures/ctf-25.xml");

#[test]
fn content_decides() {
    let format = |head: &[u8]| detect(head).expect("a format");
    assert_eq!(format(REGISTER), Format::Register);
    assert_eq!(format(CTF), Format::Ctf);
    assert_eq!(format(&CTF[..400]), Format::Ctf);
    assert_eq!(format(b"\xef\xbb\xbf\n  {\"a\": 1}"), Format::Records);
    assert_eq!(format(b"[{}]"), Format::Records);
    assert_eq!(
        format(b"sender_scheme,sender,academic_year\n"),
        Format::Cohort
    );
}

#[test]
fn everything_else_is_told_what_it_is() {
    let heads: [&[u8]; 12] = [
        b"",
        b" \n",
        b"PK\x03\x04rest",
        b"%PDF-1.7",
        b"\xd0\xcf\x11\xe0",
        b"\x1f\x8b\x08",
        b"\xff\xfeU\0R\0N\0",
        b"<ATfile><Header/></ATfile>",
        b"<html><body/></html>",
        b"<!DOCTYPE x [<!ENTITY a 'b'>]><CTfile/>",
        b"Dear colleague,\nplease find attached",
        b"<",
    ];
    let told = heads.map(|head| detect(head).expect_err("no format").to_string());
    insta::assert_snapshot!(told.join("\n"));
}

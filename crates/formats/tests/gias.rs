//! The schools register, in the encodings and header vintages it comes in.

use std::io::Read;

use baton_domain::route::SettingKind;
use baton_formats::{MAX_ROW_BYTES, Refusal, gias::Register};

const REAL: &[u8] = include_bytes!("fixtures/gias-139-windows-1252.csv");
const WITH_MARK: &[u8] = include_bytes!("fixtures/gias-135-utf8-bom.csv");
const OLDEST: &[u8] = include_bytes!("fixtures/gias-133-utf8.csv");

const HEADER: &str = "URN,LA (code),EstablishmentNumber,EstablishmentName,\
    TypeOfEstablishment (code),EstablishmentStatus (code),UKPRN,OpenDate,CloseDate\n";

#[test]
fn one_name_is_read_alike_from_every_encoding_and_vintage() {
    for file in [REAL, WITH_MARK, OLDEST] {
        let register = Register::open(file).expect("a register");
        assert!(
            register.header().unknown.is_empty(),
            "{:?}",
            register.header()
        );
        let mut rows = register.map(|row| row.expect("a sound row"));
        let row = rows
            .find(|row| row.urn.as_str() == "199911")
            .expect("the invented school");
        assert_eq!(row.name, "St Zoë’s École Primary");
        assert_eq!(row.type_code, 2, "02 and 2 are the same type");
        assert_eq!(
            row.opened.map(|day| day.to_string()).as_deref(),
            Some("2001-09-01")
        );
    }
}

#[test]
fn real_rows_become_settings() {
    let rows = Register::open(REAL)
        .expect("a register")
        .map(|row| row.expect("a sound row"));
    let told: Vec<String> = rows
        .map(|row| {
            format!(
                "{} {} {:?} {:?} open={} council={:?} laestab={:?} ages {:?}-{:?}",
                row.urn,
                row.name,
                row.kind().map(SettingKind::name),
                row.status,
                row.status.is_open(),
                row.council().map(ToString::to_string),
                row.laestab().map(|number| number.to_string()),
                row.low_age,
                row.high_age,
            )
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn missing_and_new_columns_are_told_and_missing_needed_ones_refused() {
    let file = HEADER.replace("UKPRN", "ShoeSizeOfHead");
    let register = Register::open(file.as_bytes()).expect("a register");
    assert_eq!(register.header().unknown, ["ShoeSizeOfHead"]);
    assert!(register.header().missing.contains(&"UKPRN"));
    let refusal = Register::open(&b"URN,LA (code)\n1,2\n"[..])
        .err()
        .expect("a refusal");
    insta::assert_snapshot!(refusal);
    assert!(matches!(Register::open(&b""[..]), Err(Refusal::Empty)));
    let utf16 = &b"\xff\xfeU\0R\0N\0"[..];
    assert!(matches!(Register::open(utf16), Err(Refusal::Utf16)));
    let twice = HEADER.replace("UKPRN", "URN");
    assert!(matches!(
        Register::open(twice.as_bytes()),
        Err(Refusal::ColumnTwice("URN"))
    ));
}

#[test]
fn every_violation_of_a_row_is_told_at_once_and_the_rest_goes_on() {
    let file = [
        HEADER.as_bytes(),
        b"100001,2O1,361,,two,9,123,1920-01-01,31-02-2020\n",
        b"9,201,3614,A school,2,1,,,\n",
        b"100002,201,3614,Too short,2,1\n",
        b"100003,201,3614,Bell \x07 school,2,1,,,\n",
        b",,,,,,,,\n",
        b"100004,201,3614,\"Sound, comma\",2,3,,,\n",
    ]
    .concat();
    let report: Vec<String> = Register::open(file.as_slice())
        .expect("a register")
        .map(|row| {
            row.map_or_else(
                |problem| problem.to_string(),
                |row| format!("ok {}", row.name),
            )
        })
        .collect();
    insta::assert_snapshot!(report.join("\n"));
}

#[test]
fn a_byte_order_mark_binds_and_without_one_each_row_speaks_for_itself() {
    let rows = |mark: &[u8]| {
        let latin = b"100001,201,3614,\xc9cole,2,1,,,\n";
        let utf8 = "100002,201,3614,École,2,1,,,\n".as_bytes();
        let file = [mark, HEADER.as_bytes(), latin, utf8].concat();
        let register = Register::open(file.as_slice()).expect("a register");
        register
            .map(|row| {
                row.map(|row| row.name)
                    .map_err(|problem| problem.to_string())
            })
            .collect()
    };
    let guessed: Vec<Result<String, String>> = rows(b"");
    assert_eq!(guessed, [Ok("École".to_owned()), Ok("École".to_owned())]);
    let bound: Vec<Result<String, String>> = rows(b"\xef\xbb\xbf");
    assert!(
        bound[0]
            .as_ref()
            .is_err_and(|told| told.contains("not valid UTF-8")),
        "{bound:?}"
    );
    assert!(bound[1].is_ok());
}

#[test]
fn five_megabytes_in_a_cell_are_one_violation() {
    let long = "x".repeat(5_000_000);
    let file = format!("{HEADER}100001,201,3614,{long},2,1,,,\n100004,201,3614,Sound,2,3,,,\n");
    let rows: Vec<_> = Register::open(file.as_bytes())
        .expect("a register")
        .collect();
    let [Err(problem), Ok(sound)] = rows.as_slice() else {
        panic!("{}", rows.len())
    };
    assert_eq!(sound.name, "Sound");
    insta::assert_snapshot!(problem);
}

#[test]
fn a_quote_that_never_closes_ends_at_the_limit_of_a_row() {
    let endless = std::io::repeat(b'x').take(MAX_ROW_BYTES * 4);
    let start = format!("{HEADER}100001,201,3614,\"Open ended");
    let mut register = Register::open(start.as_bytes().chain(endless)).expect("a register");
    let problem = register.next().expect("an answer").expect_err("a problem");
    assert!(problem.fatal);
    insta::assert_snapshot!(problem);
    assert!(register.next().is_none());
}

//! Files nobody meant, at every reader: each ends, in small buffers, with every record read or told.
#![cfg(test)]

use std::{
    cell::Cell,
    io::{self, BufRead, Read},
};

use baton_formats::{
    Problem,
    cohort::Cohort,
    ctf::{CtfReader, MAX_EVENT_BYTES, MAX_PUPIL_BYTES},
    detect::{Format, HEAD_BYTES, detect},
    gias::Register,
    records::{MAX_RECORD_BYTES, Records},
};
use baton_wire::walk;
use jiff::civil::{Date, date};
use prost::Message as _;

#[path = "../../../tests/chance/mod.rs"]
mod chance;

use chance::{
    damaged,
    law::{Met, search},
};

const TODAY: Date = date(2026, 7, 20);
const CTF: &str = include_str!("fixtures/ctf-25.xml");
const FULL_PUPIL: &str = include_str!("fixtures/ctf-pupil-full.xml");
const REGISTER: &[u8] = include_bytes!("fixtures/gias-139-windows-1252.csv");
const REGISTER_UTF8: &[u8] = include_bytes!("fixtures/gias-135-utf8-bom.csv");
const COHORT: &[u8] = b"sender_scheme,sender,upn,receiver_scheme,receiver,route,academic_year\n\
    gias,199901,E351394824001,gias,199902,primary-secondary,2025\n\
    gias,199901,H801200001001A,,,primary-secondary,2025\n";

/// No report repeats what a file says of a child.
const MARKER: &str = "Quillonmarker";
/// Bytes given at a time, so that pieces end in the middle of everything.
const PIECE: usize = 61;
/// Reads that bring nothing a reader may make at the end of its input.
const IDLE_MAX: usize = 64;

/// Hands out an input in pieces and counts how often it is asked: a reader that asks on and on at
/// the end of a file is one that never ends.
struct Counted<'a> {
    rest: &'a [u8],
    idle: &'a Cell<usize>,
}

impl Read for Counted<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buf)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Counted<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.rest.is_empty() {
            self.idle.set(self.idle.get() + 1);
        }
        Ok(&self.rest[..self.rest.len().min(PIECE)])
    }

    fn consume(&mut self, amount: usize) {
        self.rest = &self.rest[amount..];
    }
}

fn demand(holds: bool, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

/// A report without the names of elements it quotes, `<Surname>`: those are not what a file says.
fn without_names(told: &str) -> String {
    told.split('<')
        .map(|piece| piece.split_once('>').map_or(piece, |(_, rest)| rest))
        .collect()
}

/// Reads to the end. There are no more records than bytes, each problem is told without what the
/// file says, nothing comes after a fatal one, and the end is the end.
fn to_the_end<T>(
    input: &[u8],
    idle: &Cell<usize>,
    records: &mut impl Iterator<Item = Result<T, Problem>>,
    mut each: impl FnMut(T) -> Result<(), String>,
) -> Result<Met, String> {
    let (mut read, mut sound, mut fatal) = (0, 0, false);
    for record in records.by_ref() {
        read += 1;
        demand(read <= input.len() + 1, "no more records than bytes")?;
        demand(!fatal, "nothing comes after a fatal problem")?;
        match record {
            Ok(record) => {
                each(record)?;
                sound += 1;
            }
            Err(problem) => {
                fatal = problem.fatal;
                let told = without_names(&format!("{problem} {problem:?}"));
                demand(
                    !told.contains(MARKER),
                    &format!("repeated what was read: {told}"),
                )?;
                demand(!problem.violations.is_empty(), "a problem has a rule")?;
            }
        }
    }
    demand(records.next().is_none(), "the end is the end")?;
    demand(idle.get() <= IDLE_MAX, "asked on and on at the end")?;
    Ok((sound > 0).into())
}

#[test]
fn campaign_fuzz_transfer_files_are_read_to_their_end() {
    let full = CTF.replace("<Pupil>", FULL_PUPIL);
    let sound = [CTF, FULL_PUPIL, &full].map(|it| it.as_bytes().to_vec());
    let words: &[&[u8]] = &[
        b"<Pupil>",
        b"</Pupil>",
        b"<UPN>",
        b"</UPN>",
        b"<Header>",
        b"</CTFpupilData>",
        b"</CTfile>",
        b"<a>",
        b"<a b='",
        b"/>",
        b"<!--",
        b"-->",
        b"<![CDATA[",
        b"]]>",
        b"<?x",
        b"?>",
        b"<!DOCTYPE a [<!ENTITY x \"y\">]>",
        b"&x;",
        b"&#0;",
        b"&#x110000;",
        b"&amp;",
        b"&lt;",
        b"E351394824001",
        b"Quillonmarker",
        b"2014-11-02",
        b"9999",
        b"NSA",
        b"E01",
        b"true",
        b"<SENneed><SENtypeRank>1</SENtypeRank><SENtype>ASD</SENtype></SENneed>",
        b"<AddressLines><AddressLine1>1</AddressLine1></AddressLines>",
        b"<?xml version=\"1.0\" encoding=\"UTF-16\"?>",
    ];
    let law = |input: &[u8]| {
        let idle = Cell::new(0);
        let counted = Counted {
            rest: input,
            idle: &idle,
        };
        let mut reader = match CtfReader::open(counted, TODAY) {
            Ok(reader) => reader,
            Err(refusal) => {
                let told = without_names(&format!("{refusal} {refusal:?}"));
                demand(
                    !told.contains(MARKER),
                    &format!("repeated what was read: {told}"),
                )?;
                return Ok(Met::Refused);
            }
        };
        let met = to_the_end(input, &idle, &mut reader, |pupil| {
            let content = pupil.to_sections().encode_to_vec().into();
            let refused = walk::sections(&content, TODAY).err();
            demand(
                refused.is_none(),
                &format!("read, and not publishable: {refused:?}"),
            )
        })?;
        let most = usize::try_from(2 * MAX_EVENT_BYTES).expect("small") + 2 * MAX_PUPIL_BYTES;
        demand(reader.largest_buffer() <= most, "buffers stay small")?;
        Ok(met)
    };
    search(
        "transfer files",
        600,
        |dice| damaged(dice, &sound, words),
        law,
    );
}

/// Words of tables.
const CELLS: &[&[u8]] = &[
    b",",
    b"\"",
    b"\"\"",
    b"\r",
    b"\n",
    b"\r\n",
    b";",
    b"\t",
    b"#",
    b"URN",
    b"LA (code)",
    b"upn",
    b"sender_scheme",
    b"gias",
    b"199901",
    b"E351394824001",
    b"Quillonmarker",
    b"01-02-2020",
    b"2020-02-01",
    b"31-02-2020",
    b"yes",
    b"primary-secondary",
    b"\x92",
    b"\xe9",
    b"99999999999",
];

#[test]
fn campaign_fuzz_registers_are_read_to_their_end() {
    let sound = [REGISTER.to_vec(), REGISTER_UTF8.to_vec()];
    let law = |input: &[u8]| {
        let idle = Cell::new(0);
        let counted = Counted {
            rest: input,
            idle: &idle,
        };
        let Ok(mut register) = Register::open(counted) else {
            return Ok(Met::Refused);
        };
        to_the_end(input, &idle, &mut register, |row| {
            let _ = (row.kind(), row.laestab());
            Ok(())
        })
    };
    search("registers", 300, |dice| damaged(dice, &sound, CELLS), law);
}

#[test]
fn campaign_fuzz_cohort_lists_are_read_to_their_end() {
    let mut template = Vec::new();
    baton_formats::cohort::write_template(&mut template).expect("a template");
    let sound = [COHORT.to_vec(), template];
    let law = |input: &[u8]| {
        let idle = Cell::new(0);
        let counted = Counted {
            rest: input,
            idle: &idle,
        };
        let Ok(mut cohort) = Cohort::open(counted, TODAY) else {
            return Ok(Met::Refused);
        };
        to_the_end(input, &idle, &mut cohort, |row| {
            demand(!row.transition.learner.is_empty(), "a row names a learner")
        })
    };
    search(
        "cohort lists",
        1_500,
        |dice| damaged(dice, &sound, CELLS),
        law,
    );
}

#[test]
fn campaign_fuzz_records_are_read_to_their_end() {
    let sound = [
        &b"[{\"signatory\": \"A\", \"point\": [1, {\"a\": \"\\u00e9\"}]}, {\"b\": 2}]"[..],
        b"{\"a\": {\"b\": [true, null, -1.5e3]}}\n{\"a\": \"x\"}\n\n{}\n",
    ]
    .map(<[u8]>::to_vec);
    let words: &[&[u8]] = &[
        b"[",
        b"]",
        b"{",
        b"}",
        b",",
        b":",
        b"\"",
        b"\\",
        b"\\u",
        b"\\ud800",
        b"null",
        b"{\"a\":1,\"a\":2}",
        b"\n",
        b"\r",
        b" ",
        b"1e999",
        b"-",
        b"0.1",
        b"Quillonmarker",
        b"[[[[[[[[",
        b"{\"a\":{\"a\":",
    ];
    let law = |input: &[u8]| {
        let idle = Cell::new(0);
        let counted = Counted {
            rest: input,
            idle: &idle,
        };
        let Ok(mut records) = Records::open(counted) else {
            return Ok(Met::Refused);
        };
        let met = to_the_end(input, &idle, &mut records, |record| {
            let again = serde_json::to_vec(&record.value).map_err(|it| it.to_string())?;
            let read: serde_json::Value =
                serde_json::from_slice(&again).map_err(|it| it.to_string())?;
            // Not equal to the last bit: a number too large for its type is read as a fraction, which no
            // field of the contract takes.
            demand(read.is_object(), "what was read can be written")
        })?;
        let most = 2 * MAX_RECORD_BYTES;
        demand(records.largest_buffer() <= most, "buffers stay small")?;
        Ok(met)
    };
    search("records", 1_500, |dice| damaged(dice, &sound, words), law);
}

#[test]
fn campaign_fuzz_a_format_is_told_by_what_its_reader_opens() {
    let sound = [
        CTF.as_bytes().to_vec(),
        REGISTER.to_vec(),
        REGISTER_UTF8.to_vec(),
        COHORT.to_vec(),
        b"{\"a\": 1}".to_vec(),
    ];
    let words: &[&[u8]] = &[
        b"PK\x03\x04",
        b"%PDF",
        b"\x1f\x8b",
        b"\xd0\xcf\x11\xe0",
        b"\xff\xfe",
        b"\xfe\xff",
        b"<CTfile>",
        b"<?xml version='1.0'?>",
        b"{",
        b"[",
        b"URN,",
        b"upn,",
        b"\n",
        b" ",
    ];
    let law = |input: &[u8]| {
        let head = &input[..input.len().min(HEAD_BYTES)];
        let format = match detect(head) {
            Ok(format) => format,
            Err(refusal) => {
                let told = refusal.to_string();
                demand(!told.is_empty(), "a refusal says why")?;
                return Ok(Met::Refused);
            }
        };
        let opens = match format {
            Format::Register => Register::open(head).is_ok(),
            Format::Cohort => Cohort::open(head, TODAY).is_ok(),
            Format::Records => Records::open(head).is_ok(),
            // Its header comes after the root that detection goes by.
            Format::Ctf => true,
        };
        demand(opens, &format!("told as {format:?}, and not opened as one"))?;
        Ok(Met::Accepted)
    };
    search("formats", 500, |dice| damaged(dice, &sound, words), law);
}

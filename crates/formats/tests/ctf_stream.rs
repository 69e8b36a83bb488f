//! Files larger than any memory we want to spend, read by the reader alone: 64 MiB in every test
//! run, 1 GiB in `scripts/campaign fuzz`. What is measured is the reader's own buffer; the
//! memory of the whole program on such a file is measured by the acceptance tests
//! (`tests/it/program/large_files.rs`).

use std::io::{BufReader, Read};

use baton_formats::ctf::CtfReader;
use jiff::civil::date;

/// Far below what a buffer would need that grows with the file.
const LARGEST_BUFFER_BYTES: usize = 64 * 1024;

/// Writes a Common Transfer File of about `size` bytes while it is being read.
struct Generated {
    size: usize,
    written: usize,
    pupils: u32,
    ready: Vec<u8>,
    taken: usize,
}

impl Generated {
    fn new(size: usize) -> Self {
        let head = "<CTfile><Header><CTFversion>25.0</CTFversion><SourceSchool><LEA>351</LEA>\
            <Estab>3948</Estab></SourceSchool></Header><CTFpupilData>\n";
        Self {
            size,
            written: 0,
            pupils: 0,
            ready: head.into(),
            taken: 0,
        }
    }

    fn write_next(&mut self) {
        self.written += self.ready.len();
        self.taken = 0;
        self.ready = if self.written < self.size {
            self.pupils += 1;
            pupil(self.pupils).into_bytes()
        } else if self.ready.ends_with(b"</CTfile>") {
            Vec::new()
        } else {
            b"</CTFpupilData></CTfile>".to_vec()
        };
    }
}

impl Read for Generated {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        if self.taken == self.ready.len() && !self.ready.is_empty() {
            self.write_next();
        }
        let read = (&self.ready[self.taken..]).read(buf)?;
        self.taken += read;
        Ok(read)
    }
}

/// A pupil of some two kilobytes with a UPN of its own.
fn pupil(number: u32) -> String {
    let year = "<YearData><Year>2024</Year><LEA>351</LEA><Estab>3948</Estab><SessionsPossible>380\
        </SessionsPossible><SessionsAttended>370</SessionsAttended></YearData>";
    let row = "<StageAssessment><Locale>ENG</Locale><Year>2025</Year><Subject>REA</Subject>\
        <Result>105</Result></StageAssessment>";
    format!(
        "<Pupil><UPN>{}</UPN><Surname>Example</Surname><Forename>Robin</Forename>\
         <DOB>2014-11-02</DOB><Attendance>{}</Attendance><StageAssessments><KeyStage>\
         <Stage>KS2</Stage>{}</KeyStage></StageAssessments></Pupil>\n",
        upn(number),
        year.repeat(6),
        row.repeat(8),
    )
}

/// Council 351 and 10 digits counted up, with the right check letter.
fn upn(number: u32) -> String {
    let letters = b"ABCDEFGHJKLMNPQRTUVWXYZ";
    let digits = format!("351{number:09}");
    let weighted = digits
        .bytes()
        .zip(2..)
        .map(|(digit, weight)| usize::from(digit - b'0') * weight);
    let check = char::from(letters[weighted.sum::<usize>() % letters.len()]);
    format!("{check}{digits}")
}

const RUN_BYTES: usize = 64 * 1024 * 1024;
const CAMPAIGN_BYTES: usize = 1024 * 1024 * 1024;

/// Reads a file of this size; how many pupils it had, and the largest buffer that took.
fn law(size: usize) -> (usize, usize) {
    let input = BufReader::new(Generated::new(size));
    let mut reader = CtfReader::open(input, date(2026, 7, 20)).expect("a file");
    let mut pupils = 0_usize;
    for pupil in &mut reader {
        pupil.expect("a sound pupil");
        pupils += 1;
    }
    assert!(pupils > size / 4096, "{pupils} pupils");
    let largest = reader.largest_buffer();
    assert!(largest <= LARGEST_BUFFER_BYTES, "{largest}");
    (pupils, largest)
}

#[test]
fn campaign_fuzz_a_large_file_is_read_pupil_by_pupil_in_small_buffers() {
    let campaign = std::env::var_os("BATON_CAMPAIGN").is_some();
    let size = if campaign { CAMPAIGN_BYTES } else { RUN_BYTES };
    let (pupils, largest) = law(size);
    println!("figures: a large file: bytes={size} pupils={pupils} largest_buffer={largest}");
}

//! Which format a file is. Its content decides: names are wrong often enough, and a Common Transfer
//! File downloaded from a government service is simply called `CTF.xml`.

use crate::{Refusal, cohort, ctf, gias};

/// How much of the start of a file [`detect`] wants to see; less, if the file is shorter.
pub const HEAD_BYTES: usize = 64 * 1024;

/// A format with a reader here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The schools register: [`gias::Register`].
    Register,
    /// A Common Transfer File: [`ctf::CtfReader`].
    Ctf,
    /// Contract records: [`records::Records`](crate::records::Records).
    Records,
    /// A cohort list: [`cohort::Cohort`].
    Cohort,
}

/// First bytes of files people send by mistake, what they are, and what to do.
const FOREIGN: [(&[u8], &str, &str); 4] = [
    (
        b"PK\x03\x04",
        "a spreadsheet or a ZIP file",
        "unpack it, or save the sheet as \"CSV UTF-8\"",
    ),
    (
        b"\xd0\xcf\x11\xe0",
        "an old spreadsheet or document",
        "save the sheet as \"CSV UTF-8\"",
    ),
    (b"%PDF", "a PDF", "ask the sender for the data itself"),
    (b"\x1f\x8b", "compressed with gzip", "unpack it"),
];

/// The format of a file that begins with `head`, at most [`HEAD_BYTES`], or what it is instead.
pub fn detect(head: &[u8]) -> Result<Format, Refusal> {
    if let Some((_, found, advice)) = FOREIGN.iter().find(|(magic, ..)| head.starts_with(magic)) {
        return Err(Refusal::Foreign { found, advice });
    }
    let text = head
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(head)
        .trim_ascii_start();
    match text {
        [] => Err(Refusal::Empty),
        // UTF-16 begins with its mark; in XML that is allowed, and said there.
        [b'<', ..] | [0xff, 0xfe, b'<', 0, ..] | [0xfe, 0xff, 0, b'<', ..] => {
            ctf::expect_root(head).map(|()| Format::Ctf)
        }
        [b'{' | b'[', ..] => Ok(Format::Records),
        _ => table(head),
    }
}

/// Tables are told apart by the columns they cannot do without.
fn table(head: &[u8]) -> Result<Format, Refusal> {
    let register = match gias::expect_header(head) {
        Ok(()) => return Ok(Format::Register),
        Err(Refusal::MissingColumns(missing)) => missing,
        Err(refusal) => return Err(refusal),
    };
    match cohort::expect_header(head) {
        Ok(()) => Ok(Format::Cohort),
        Err(Refusal::MissingColumns(cohort)) => Err(Refusal::UnknownTable { register, cohort }),
        Err(refusal) => Err(refusal),
    }
}

use std::io::{self, BufRead, Cursor, Read};

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// Greatest size of one tag, text, comment or CDATA section in the file. The XML reader has to hold
/// each of them whole; this is where a text or a tag that never ends stops.
pub const MAX_EVENT_BYTES: u64 = 8 * 1024 * 1024;

/// How much of the file is looked at for a byte order mark and an XML declaration.
const PROLOGUE_BYTES: u64 = 256;
const CHUNK_BYTES: usize = 8 * 1024;
const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

/// The file as the XML reader sees it: UTF-8 whatever it was, with its lines counted, and never
/// more than [`MAX_EVENT_BYTES`] without a pause.
///
/// Bytes that are no text become U+FFFD and are remembered, so that one mangled name costs one
/// pupil and not the file.
pub(super) struct Source<R> {
    input: io::Chain<Cursor<Vec<u8>>, R>,
    decoder: Decoder,
    chunk: Box<[u8]>,
    start: usize,
    end: usize,
    ended: bool,
    line: u64,
    since_event: u64,
    ends_malformed: bool,
    malformed: Option<u64>,
}

impl<R: BufRead> Source<R> {
    /// Decides the encoding: a byte order mark, else the XML declaration, else UTF-8. `None`: the
    /// declaration names an encoding nobody knows.
    pub(super) fn open(mut input: R) -> io::Result<Option<Self>> {
        let mut prologue = Vec::new();
        input
            .by_ref()
            .take(PROLOGUE_BYTES)
            .read_to_end(&mut prologue)?;
        let Some(encoding) = encoding_of(&prologue) else {
            return Ok(None);
        };
        Ok(Some(Self {
            input: Cursor::new(prologue).chain(input),
            decoder: encoding.new_decoder_with_bom_removal(),
            chunk: vec![0; CHUNK_BYTES].into_boxed_slice(),
            start: 0,
            end: 0,
            ended: false,
            line: 1,
            since_event: 0,
            ends_malformed: false,
            malformed: None,
        }))
    }

    /// Line of the next byte, from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Begins the next event: what it takes is counted from here.
    pub(super) fn begin_event(&mut self) {
        self.since_event = 0;
    }

    /// Whether reading stopped because an event was over [`MAX_EVENT_BYTES`].
    pub(super) fn is_over_limit(&self) -> bool {
        self.since_event > MAX_EVENT_BYTES
    }

    /// Line of the last bytes that are no text, if any were consumed since the last call.
    pub(super) fn take_malformed(&mut self) -> Option<u64> {
        self.malformed.take()
    }

    /// Decodes the next chunk. Malformed bytes end a chunk, so that consuming its last byte is
    /// consuming them.
    fn refill(&mut self) -> io::Result<()> {
        (self.start, self.end, self.ends_malformed) = (0, 0, false);
        while self.end == 0 && !self.ended {
            let bytes = self.input.fill_buf()?;
            let last = bytes.is_empty();
            let room = &mut self.chunk[..CHUNK_BYTES - REPLACEMENT.len()];
            let (result, read, written) = self
                .decoder
                .decode_to_utf8_without_replacement(bytes, room, last);
            self.input.consume(read);
            self.end = written;
            match result {
                DecoderResult::Malformed(_, _) => {
                    self.end += REPLACEMENT.len();
                    self.chunk[written..self.end].copy_from_slice(REPLACEMENT);
                    self.ends_malformed = true;
                }
                DecoderResult::InputEmpty => self.ended = last,
                DecoderResult::OutputFull => {}
            }
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Source<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buf)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Source<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.is_over_limit() {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        if self.start == self.end {
            self.refill()?;
        }
        Ok(&self.chunk[self.start..self.end])
    }

    fn consume(&mut self, amount: usize) {
        let taken = &self.chunk[self.start..self.start + amount];
        self.line += taken
            .iter()
            .map(|byte| u64::from(*byte == b'\n'))
            .sum::<u64>();
        self.start += amount;
        self.since_event += amount as u64;
        if amount > 0 && self.ends_malformed && self.start == self.end {
            self.malformed = Some(self.line);
        }
    }
}

/// The encoding a file says it has. A CTF is UTF-8; the others cost nothing and are met.
fn encoding_of(prologue: &[u8]) -> Option<&'static Encoding> {
    if let Some((encoding, _)) = Encoding::for_bom(prologue) {
        return Some(encoding);
    }
    match prologue {
        [0, b'<', ..] => return Some(UTF_16BE),
        [b'<', 0, ..] => return Some(UTF_16LE),
        _ => {}
    }
    let declaration = prologue.strip_prefix(b"<?xml").unwrap_or_default();
    let end = declaration
        .iter()
        .position(|byte| *byte == b'>')
        .unwrap_or(0);
    let declaration = String::from_utf8_lossy(&declaration[..end]);
    let Some((_, named)) = declaration.split_once("encoding") else {
        return Some(UTF_8);
    };
    let quoted = |c| matches!(c, '"' | '\'');
    let label = named
        .trim_start_matches([' ', '='])
        .trim_start_matches(quoted);
    let label = label.split(quoted).next().unwrap_or_default();
    let encoding = Encoding::for_label(label.as_bytes())?;
    // The declaration was read as ASCII, so a file that calls itself UTF-16 is not.
    Some(encoding.output_encoding())
}

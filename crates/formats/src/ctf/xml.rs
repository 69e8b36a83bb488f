use std::io::BufRead;

use quick_xml::{Error, Reader, errors::IllFormedError, escape::resolve_xml_entity, events::Event};

use super::source::{MAX_EVENT_BYTES, Source};
use crate::{Refusal, rule::Rule};

/// Buffers that grew beyond this for one event are given back after it.
const KEPT_BUFFER_BYTES: usize = 64 * 1024;
/// Longest element name kept. The longest of a CTF has 34 characters.
const MAX_NAME_CHARS: usize = 64;

/// XML as this reader wants it: names without namespace, no attributes, comments or processing
/// instructions, references resolved, no document type.
pub(super) struct Xml<R> {
    reader: Reader<Source<R>>,
    buffer: Vec<u8>,
    largest_buffer: usize,
}

/// What comes next.
pub(super) enum Token {
    Open {
        name: String,
        line: u64,
    },
    Text(String),
    /// A reference to an entity XML does not predefine; its text is not known.
    UnknownEntity,
    Close,
    End,
}

/// Nothing more can be read.
pub(super) struct Broken {
    pub(super) line: u64,
    pub(super) cause: Cause,
}

pub(super) enum Cause {
    Doctype,
    Rule(Rule),
}

impl<R: BufRead> Xml<R> {
    pub(super) fn new(source: Source<R>) -> Self {
        let mut reader = Reader::from_reader(source);
        reader.config_mut().expand_empty_elements = true;
        Self {
            reader,
            buffer: Vec::new(),
            largest_buffer: 0,
        }
    }

    pub(super) fn line(&self) -> u64 {
        self.reader.get_ref().line()
    }

    pub(super) fn largest_buffer(&self) -> usize {
        self.largest_buffer
    }

    /// Line of the last bytes read since the last call that are no text.
    pub(super) fn take_malformed(&mut self) -> Option<u64> {
        self.reader.get_mut().take_malformed()
    }

    pub(super) fn next(&mut self) -> Result<Token, Broken> {
        loop {
            self.reader.get_mut().begin_event();
            self.buffer.clear();
            self.buffer.shrink_to(KEPT_BUFFER_BYTES);
            let line = self.line();
            let event = self.reader.read_event_into(&mut self.buffer);
            let token = match event {
                Ok(event) => token(event, line),
                Err(error) => {
                    let rule = rule_of(&error, self.reader.get_ref().is_over_limit());
                    Err(Broken {
                        line,
                        cause: Cause::Rule(rule),
                    })
                }
            };
            self.largest_buffer = self.largest_buffer.max(self.buffer.capacity());
            if let Some(token) = token.transpose() {
                return token;
            }
        }
    }
}

/// The token of an event; `None` for what carries no content.
fn token(event: Event<'_>, line: u64) -> Result<Option<Token>, Broken> {
    Ok(Some(match event {
        Event::Start(tag) | Event::Empty(tag) => {
            let name = tag.local_name();
            let name = name.as_ref().chars().take(MAX_NAME_CHARS).collect();
            Token::Open { name, line }
        }
        Event::End(_) => Token::Close,
        Event::Text(text) => Token::Text(text.xml10_content().into_owned()),
        Event::CData(text) => Token::Text(text.xml10_content().into_owned()),
        Event::GeneralRef(reference) => match reference.resolve_char_ref() {
            Ok(Some(character)) => Token::Text(character.into()),
            Ok(None) => resolve_xml_entity(&reference.xml10_content())
                .map_or(Token::UnknownEntity, |text| Token::Text(text.to_owned())),
            Err(_) => Token::UnknownEntity,
        },
        Event::DocType(_) => {
            return Err(Broken {
                line,
                cause: Cause::Doctype,
            });
        }
        Event::Eof => Token::End,
        Event::Comment(_) | Event::PI(_) | Event::Decl(_) => return Ok(None),
    }))
}

/// The sentence for an XML error. The parser quotes what it found, which in a broken tag may be the
/// text behind it, so only the name of the element that is open is told.
fn rule_of(error: &Error, over_limit: bool) -> Rule {
    let words = match error {
        Error::Io(_) if over_limit => {
            return Rule::Limit {
                unit: "bytes in one tag or text",
                most: MAX_EVENT_BYTES,
            };
        }
        Error::Io(error) => return Rule::Unreadable(error.kind()),
        Error::Syntax(error) => error.to_string(),
        Error::IllFormed(IllFormedError::MismatchedEndTag { expected, .. }) => {
            format!("expected the end of <{}>", short_name(expected))
        }
        Error::IllFormed(IllFormedError::UnmatchedEndTag(_)) => "an end without a start".to_owned(),
        Error::IllFormed(IllFormedError::UnclosedReference) => {
            "an & that begins no reference; it is written &amp;".to_owned()
        }
        _ => "not XML".to_owned(),
    };
    Rule::Malformed(words)
}

fn short_name(name: &str) -> String {
    let local = name.rsplit(':').next().unwrap_or(name);
    let plain = local.chars().take_while(char::is_ascii_alphanumeric);
    plain.take(MAX_NAME_CHARS).collect()
}

impl From<Broken> for Refusal {
    fn from(Broken { line, cause }: Broken) -> Self {
        match cause {
            Cause::Doctype => Self::Doctype { line },
            Cause::Rule(rule) => Self::Malformed { line, rule },
        }
    }
}

use std::{
    collections::{BTreeMap, HashMap},
    io::BufRead,
};

use baton_domain::ids::Upn;
use jiff::civil::Date;

use super::{
    block::{Block, Context},
    element::Element,
    header::Header,
    pupil::CtfPupil,
    source::Source,
    xml::{Broken, Cause, Token, Xml},
};
use crate::{Problem, Refusal, Violation, problem::Findings, rule::Rule};

/// Most pupils of one file. A council's whole cohort has some ten thousand; the limit bounds what
/// is remembered to find a pupil that comes twice.
pub const MAX_PUPILS: u64 = 1_000_000;
/// Most different paths counted in [`Ignored`].
const MAX_IGNORED_PATHS: usize = 200;

/// Reads a Common Transfer File pupil by pupil.
///
/// Broken pupils are [`Problem`]s and the next one comes; where the XML itself is broken, one
/// fatal problem ends the file, after every pupil before it.
pub struct CtfReader<R> {
    xml: Xml<R>,
    header: Header,
    context: Context,
    level: Level,
    index: u64,
    /// Line of every UPN met.
    lines: HashMap<Upn, u64>,
    ignored: Ignored,
}

/// Where in the document the next token stands.
#[derive(Clone, Copy, PartialEq)]
enum Level {
    /// In `CTfile`, beside `CTFpupilData`.
    Root,
    /// In `CTFpupilData`.
    Pupils,
    /// After `CTfile`.
    After,
    /// Nothing is read any more.
    Ended,
}

/// Elements nobody reads, counted over the whole file.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Ignored {
    /// How often each path was met, without the numbers of repeated elements; at most 200 paths.
    pub paths: BTreeMap<String, u64>,
    /// How often further paths were met.
    pub others: u64,
}

impl<R: BufRead> CtfReader<R> {
    /// Reads up to the first pupil. `today` decides which versions are expected and which dates lie
    /// in the future.
    pub fn open(input: R, today: Date) -> Result<Self, Refusal> {
        let source = Source::open(input)?.ok_or(Refusal::UnknownEncoding)?;
        let mut xml = Xml::new(source);
        open_root(&mut xml)?;
        let mut ignored = Ignored::default();
        let mut header = None;
        let level = loop {
            match xml.next()? {
                Token::Open { name, line } if name == "Header" && header.is_none() => {
                    header = Some(read_header(&mut xml, name, line, today, &mut ignored)?);
                }
                Token::Open { name, .. } if name == "CTFpupilData" => break Level::Pupils,
                Token::Open { name, line } => skip(&mut xml, name, line, &mut ignored)?,
                Token::Close => break Level::After,
                Token::Text(_) | Token::UnknownEntity => {}
                Token::End => {
                    let line = xml.line();
                    return Err(Refusal::Malformed {
                        line,
                        rule: Rule::CutOff,
                    });
                }
            }
        };
        let header = header.ok_or(Refusal::MissingHeader { line: xml.line() })?;
        let context = Context {
            today,
            gender_is_sex: header.has_gender(),
        };
        Ok(Self {
            xml,
            header,
            context,
            level,
            index: 0,
            lines: HashMap::new(),
            ignored,
        })
    }

    /// Who wrote the file, for whom, and when.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The elements that were not read so far.
    pub fn ignored(&self) -> &Ignored {
        &self.ignored
    }

    /// Greatest capacity of the buffer for one XML event so far, in bytes.
    pub fn largest_buffer(&self) -> usize {
        self.xml.largest_buffer()
    }

    /// The next pupil, `None` at the end, or where the XML breaks.
    fn advance(&mut self) -> Result<Option<Result<CtfPupil, Problem>>, Broken> {
        loop {
            let token = self.xml.next()?;
            match (self.level, token) {
                (Level::Pupils, Token::Open { name, line }) if name == "Pupil" => {
                    return self.pupil(name, line).map(Some);
                }
                (Level::Root, Token::Open { name, .. }) if name == "CTFpupilData" => {
                    self.level = Level::Pupils;
                }
                (Level::Root | Level::Pupils, Token::Open { name, line }) => {
                    skip(&mut self.xml, name, line, &mut self.ignored)?;
                }
                (Level::Pupils, Token::Close) => self.level = Level::Root,
                (Level::Root, Token::Close) => self.level = Level::After,
                (Level::After | Level::Ended, Token::End) => return Ok(None),
                (_, Token::End) => return Err(self.broken(Rule::CutOff)),
                (Level::After | Level::Ended, Token::Text(text)) if text.trim().is_empty() => {}
                (Level::After | Level::Ended, _) => {
                    let rule = Rule::Malformed("something follows the root element".to_owned());
                    return Err(self.broken(rule));
                }
                (Level::Root | Level::Pupils, Token::Text(_) | Token::UnknownEntity) => {}
            }
        }
    }

    fn pupil(&mut self, name: String, line: u64) -> Result<Result<CtfPupil, Problem>, Broken> {
        if self.index == MAX_PUPILS {
            return Err(self.broken(Rule::Limit {
                unit: "pupils",
                most: MAX_PUPILS,
            }));
        }
        let mut findings = Findings::default();
        let element = Element::read(&mut self.xml, name, line, &mut findings)?;
        self.index += 1;
        if let Some(line) = self.xml.take_malformed() {
            findings.absence(line, "", Rule::Encoding("UTF-8"));
        }
        self.find_twin(&element, &mut findings);
        let pupil = CtfPupil::read(
            Block::root(element, &self.context),
            self.index,
            &mut findings,
        );
        let Findings {
            violations,
            notes,
            ignored,
        } = findings;
        for path in &ignored {
            self.ignored.count(path);
        }
        Ok(match pupil {
            Some(pupil) if violations.is_empty() => Ok(CtfPupil {
                notes,
                ignored,
                ..pupil
            }),
            _ => Err(Problem {
                line,
                record: format!("Pupil[{}]", self.index),
                violations,
                fatal: false,
            }),
        })
    }

    /// A UPN that stood in the file before makes this pupil a problem, sound or not: nobody can
    /// say which of the two is right.
    fn find_twin(&mut self, pupil: &Element, findings: &mut Findings) {
        let element = pupil.children.iter().find(|child| child.name == "UPN");
        let Some((element, upn)) = element.and_then(|e| Some((e, Upn::parse(e.text.trim()).ok()?)))
        else {
            return;
        };
        match self.lines.get(&upn) {
            Some(first_line) => {
                let rule = Rule::Twice {
                    first_line: *first_line,
                };
                findings.absence(element.line, "UPN", rule);
            }
            None => drop(self.lines.insert(upn, pupil.line)),
        }
    }

    fn broken(&self, rule: Rule) -> Broken {
        Broken {
            line: self.xml.line(),
            cause: Cause::Rule(rule),
        }
    }
}

impl<R: BufRead> Iterator for CtfReader<R> {
    type Item = Result<CtfPupil, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.level == Level::Ended {
            return None;
        }
        match self.advance() {
            Ok(Some(pupil)) => Some(pupil),
            Ok(None) => {
                self.level = Level::Ended;
                None
            }
            Err(Broken { line, cause }) => {
                self.level = Level::Ended;
                let rule = match cause {
                    Cause::Rule(rule) => rule,
                    Cause::Doctype => Rule::Malformed("a DOCTYPE is not accepted".to_owned()),
                };
                let record = match self.index {
                    0 => "before the first pupil".to_owned(),
                    index => format!("after Pupil[{index}]"),
                };
                Some(Err(Problem::fatal(line, record, rule)))
            }
        }
    }
}

/// Whether a file that begins so is a CTF; if not, what it is instead.
pub(crate) fn expect_root(head: &[u8]) -> Result<(), Refusal> {
    let source = Source::open(head)?.ok_or(Refusal::UnknownEncoding)?;
    open_root(&mut Xml::new(source))
}

/// Reads up to the start of the root element, which says whether this is a CTF.
fn open_root<R: BufRead>(xml: &mut Xml<R>) -> Result<(), Refusal> {
    loop {
        let line = xml.line();
        match xml.next()? {
            Token::Open { name, .. } if name == "CTfile" => return Ok(()),
            Token::Open { name, .. } if name == "ATfile" => return Err(Refusal::AdmissionsFile),
            Token::Open { name, .. } => return Err(Refusal::WrongRoot { root: name }),
            Token::Text(text) if text.trim().is_empty() => {}
            Token::End => return Err(Refusal::Empty),
            Token::Text(_) | Token::UnknownEntity | Token::Close => {
                let rule = Rule::Malformed("it is not XML".to_owned());
                return Err(Refusal::Malformed { line, rule });
            }
        }
    }
}

fn read_header<R: BufRead>(
    xml: &mut Xml<R>,
    name: String,
    line: u64,
    today: Date,
    ignored: &mut Ignored,
) -> Result<Header, Refusal> {
    let mut findings = Findings::default();
    let element = Element::read(xml, name, line, &mut findings)?;
    if let Some(line) = xml.take_malformed() {
        findings
            .violations
            .push(Violation::whole(line, Rule::Encoding("UTF-8")));
    }
    let (header, unread) = Header::read(element, today, findings).map_err(Refusal::BadHeader)?;
    for path in unread {
        ignored.count(&format!("Header/{path}"));
    }
    Ok(header)
}

/// Reads over an element that stands where none is known.
fn skip<R: BufRead>(
    xml: &mut Xml<R>,
    name: String,
    line: u64,
    ignored: &mut Ignored,
) -> Result<(), Broken> {
    ignored.count(&name);
    Element::read(xml, name, line, &mut Findings::default()).map(drop)
}

impl Ignored {
    fn count(&mut self, path: &str) {
        let path = without_numbers(path);
        if self.paths.len() >= MAX_IGNORED_PATHS && !self.paths.contains_key(&path) {
            self.others += 1;
        } else {
            *self.paths.entry(path).or_default() += 1;
        }
    }
}

/// `Contacts/Contact[2]/Zip` as `Contacts/Contact/Zip`.
fn without_numbers(path: &str) -> String {
    let steps = path
        .split('/')
        .map(|step| step.split('[').next().unwrap_or(step));
    steps.collect::<Vec<_>>().join("/")
}

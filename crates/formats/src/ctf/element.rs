use std::io::BufRead;

use super::xml::{Broken, Cause, Token, Xml};
use crate::{problem::Findings, rule::Rule};

/// Deepest nesting of elements. A CTF needs seven.
pub const MAX_DEPTH: usize = 32;
/// Most elements kept of one pupil.
pub const MAX_ELEMENTS: usize = 20_000;
/// Greatest text kept of one element.
pub const MAX_TEXT_BYTES: usize = 64 * 1024;
/// Greatest text kept of one pupil, the limit of what can be published of it.
pub const MAX_PUPIL_BYTES: usize = 4 * 1024 * 1024;

/// One element with everything in it, kept so that its children may come in any order.
#[derive(Debug)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) line: u64,
    pub(super) text: String,
    pub(super) children: Vec<Element>,
    /// Text was read over; that is reported, and what is left is not the value.
    pub(super) spoilt: bool,
}

/// What may still be kept of the current pupil. Beyond it the rest is read over, so that the next
/// pupil is found.
struct Allowance {
    elements: usize,
    text_bytes: usize,
}

impl Element {
    fn new(name: String, line: u64) -> Self {
        Self {
            name,
            line,
            text: String::new(),
            children: Vec::new(),
            spoilt: false,
        }
    }

    /// Reads up to the end of the element whose start was just read.
    pub(super) fn read<R: BufRead>(
        xml: &mut Xml<R>,
        name: String,
        line: u64,
        findings: &mut Findings,
    ) -> Result<Self, Broken> {
        let mut allowance = Allowance {
            elements: MAX_ELEMENTS,
            text_bytes: MAX_PUPIL_BYTES,
        };
        let mut open = vec![Self::new(name, line)];
        loop {
            match xml.next()? {
                Token::Open { .. } if open.len() == MAX_DEPTH => {
                    let rule = Rule::Limit {
                        unit: "levels of elements",
                        most: MAX_DEPTH as u64,
                    };
                    return Err(Broken {
                        line: xml.line(),
                        cause: Cause::Rule(rule),
                    });
                }
                Token::Open { name, line } => open.push(Self::new(name, line)),
                Token::Text(text) => {
                    let Some(current) = open.last_mut() else {
                        break;
                    };
                    if let Err(rule) = allowance.keep(current, &text) {
                        current.spoilt = true;
                        findings.violation(current.line, &path(&open), rule, &text);
                    }
                }
                Token::UnknownEntity => {
                    findings.absence(xml.line(), &path(&open), Rule::Entity);
                }
                Token::Close => {
                    let Some(done) = open.pop() else { break };
                    let Some(parent) = open.last_mut() else {
                        return Ok(done);
                    };
                    if allowance.elements == 0 {
                        continue;
                    }
                    allowance.elements -= 1;
                    if allowance.elements == 0 {
                        let most = MAX_ELEMENTS as u64;
                        findings.absence(
                            done.line,
                            "",
                            Rule::Limit {
                                unit: "elements",
                                most,
                            },
                        );
                    }
                    parent.children.push(done);
                }
                Token::End => break,
            }
        }
        Err(Broken {
            line,
            cause: Cause::Rule(Rule::CutOff),
        })
    }
}

impl Allowance {
    fn keep(&mut self, element: &mut Element, text: &str) -> Result<(), Rule> {
        if text.len() > MAX_TEXT_BYTES - element.text.len() {
            return Err(Rule::Limit {
                unit: "bytes of text",
                most: MAX_TEXT_BYTES as u64,
            });
        }
        let Some(left) = self.text_bytes.checked_sub(text.len()) else {
            let most = MAX_PUPIL_BYTES as u64;
            return Err(Rule::Limit {
                unit: "bytes of text in one pupil",
                most,
            });
        };
        self.text_bytes = left;
        // Between the children of an element stands only layout.
        if element.children.is_empty() || !text.trim_ascii().is_empty() {
            element.text.push_str(text);
        }
        Ok(())
    }
}

/// Names of the open elements below the first, which the record itself names.
fn path(open: &[Element]) -> String {
    let names: Vec<&str> = open
        .iter()
        .skip(1)
        .map(|element| element.name.as_str())
        .collect();
    names.join("/")
}

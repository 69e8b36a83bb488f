use std::io;

/// Why a whole file is not read. Said before the first record, so nothing of it was taken over.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The operating system refused to read it.
    #[error("the file cannot be read")]
    Io(#[from] io::Error),
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// UTF-16, as spreadsheets write under the name "Unicode text".
    #[error("the file is UTF-16; save it as \"CSV UTF-8\"")]
    Utf16,
    /// Columns without which no row can be read.
    #[error("columns are missing: {}", .0.join(", "))]
    MissingColumns(Vec<&'static str>),
    /// One column under two names, or twice.
    #[error("the column {0} stands twice in the header")]
    ColumnTwice(&'static str),
    /// The header row itself is broken.
    #[error("the header row {0}")]
    Header(crate::Rule),
    /// XML with another root element.
    #[error("this is no Common Transfer File: its root element is {root}, expected CTfile")]
    WrongRoot {
        /// Local name of the root element.
        root: String,
    },
    /// The sister format of admissions.
    #[error(
        "this is an Admissions Transfer File (ATF): it describes applicants, not pupils. Ask the \
         sender for the Common Transfer File (CTF)"
    )]
    AdmissionsFile,
    /// A document type declaration. It can define entities that grow without bound or read other
    /// files; no CTF has one.
    #[error("line {line}: a document type declaration (DOCTYPE) is not accepted")]
    Doctype {
        /// Where it stands.
        line: u64,
    },
    /// The declared encoding is none we know.
    #[error("the encoding named in the XML declaration is not known")]
    UnknownEncoding,
    /// Broken before the first record.
    #[error("line {line}: the file {rule}")]
    Malformed {
        /// Where it breaks.
        line: u64,
        /// What is wrong.
        rule: crate::Rule,
    },
    /// A CTF without `Header` before its pupils: who sends it is not known.
    #[error("line {line}: the Header does not come before the pupils")]
    MissingHeader {
        /// Where the pupils begin, or the file ends.
        line: u64,
    },
    /// A CTF header that breaks rules.
    #[error("the header of the file cannot be used: {0}")]
    BadHeader(crate::Problem),
    /// A table, but none we read.
    #[error(
        "this is neither the schools register, which needs the columns {}, nor a cohort list, \
         which needs {}", .register.join(", "), .cohort.join(", ")
    )]
    UnknownTable {
        /// Columns the register needs and the file lacks.
        register: Vec<&'static str>,
        /// Columns a cohort list needs and the file lacks.
        cohort: Vec<&'static str>,
    },
    /// A kind of file we know and do not read.
    #[error("this is {found}; {advice}")]
    Foreign {
        /// What it is.
        found: &'static str,
        /// What to do.
        advice: &'static str,
    },
}

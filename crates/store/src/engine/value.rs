//! The three column types both engines agree on, and how domain values become columns.

use baton_domain::ids::{
    Alias, ContentId, CredentialId, DocumentId, LearnerId, LedgerId, ProfileId, SettingId,
    SubscriptionId, TransitionId, WatchId,
};
use baton_domain::log::canonical::Json;

/// Type of a column: TEXT, BIGINT/INTEGER or BYTEA/BLOB; nothing else is the same on both engines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Text,
    Int,
    Blob,
}

/// A value going to or coming from a column. NULL keeps its type: PostgreSQL wants to know it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Value {
    Text(Option<String>),
    Int(Option<i64>),
    Blob(Option<Vec<u8>>),
}

/// A stored value that its column type does not allow: the row was changed from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Inconsistent;

/// A Rust type that fits a column.
pub(crate) trait Column: Sized {
    const TYPE: Type;
    fn into_value(self) -> Value;
    fn from_value(value: Value) -> Result<Self, Inconsistent>;
    /// The value in a row's commitment.
    fn json(&self) -> Json;
}

impl Column for String {
    const TYPE: Type = Type::Text;
    fn into_value(self) -> Value {
        Value::Text(Some(self))
    }
    fn from_value(value: Value) -> Result<Self, Inconsistent> {
        match value {
            Value::Text(Some(text)) => Ok(text),
            _ => Err(Inconsistent),
        }
    }
    fn json(&self) -> Json {
        Json::Str(self.clone())
    }
}

impl Column for i64 {
    const TYPE: Type = Type::Int;
    fn into_value(self) -> Value {
        Value::Int(Some(self))
    }
    fn from_value(value: Value) -> Result<Self, Inconsistent> {
        match value {
            Value::Int(Some(number)) => Ok(number),
            _ => Err(Inconsistent),
        }
    }
    fn json(&self) -> Json {
        Json::Int(*self)
    }
}

impl Column for Vec<u8> {
    const TYPE: Type = Type::Blob;
    fn into_value(self) -> Value {
        Value::Blob(Some(self))
    }
    fn from_value(value: Value) -> Result<Self, Inconsistent> {
        match value {
            Value::Blob(Some(bytes)) => Ok(bytes),
            _ => Err(Inconsistent),
        }
    }
    fn json(&self) -> Json {
        Json::Str(base64::Engine::encode(
            &base64::prelude::BASE64_STANDARD,
            self,
        ))
    }
}

impl<C: Column> Column for Option<C> {
    const TYPE: Type = C::TYPE;
    fn into_value(self) -> Value {
        match (self, C::TYPE) {
            (Some(value), _) => value.into_value(),
            (None, Type::Text) => Value::Text(None),
            (None, Type::Int) => Value::Int(None),
            (None, Type::Blob) => Value::Blob(None),
        }
    }
    fn from_value(value: Value) -> Result<Self, Inconsistent> {
        match value {
            Value::Text(None) | Value::Int(None) | Value::Blob(None) => Ok(None),
            value => C::from_value(value).map(Some),
        }
    }
    fn json(&self) -> Json {
        self.as_ref().map_or(Json::Null, Column::json)
    }
}

/// Opaque ids are stored as the text they print.
macro_rules! id_columns {
    ($($id:ty),+) => {$(
        impl Column for $id {
            const TYPE: Type = Type::Text;
            fn into_value(self) -> Value {
                Value::Text(Some(self.as_str().to_owned()))
            }
            fn from_value(value: Value) -> Result<Self, Inconsistent> {
                match value {
                    Value::Text(Some(text)) => Self::parse(&text).map_err(|_| Inconsistent),
                    _ => Err(Inconsistent),
                }
            }
            fn json(&self) -> Json {
                Json::Str(self.as_str().to_owned())
            }
        }
    )+};
}

id_columns!(
    Alias,
    ContentId,
    CredentialId,
    LearnerId,
    LedgerId,
    ProfileId,
    SettingId,
    SubscriptionId,
    DocumentId,
    TransitionId,
    WatchId
);

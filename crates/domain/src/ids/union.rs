//! How several identifier types become one: by scheme and value.

/// Declares the union of identifiers of one kind of thing. Each row gives the
/// variant, the type inside, the canonical spelling of the scheme, and the function
/// that makes the one from text. Two values are equal only within one scheme.
macro_rules! identifier_union {
    (
        $(#[$doc:meta])* $union:ident,
        $(#[$scheme_doc:meta])* $schemes:ident {
            $($(#[$row_doc:meta])* $variant:ident($id:ty) = $scheme:literal, $parse:path;)+
        }
    ) => {
        $(#[$scheme_doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $schemes {
            $($(#[$row_doc])* $variant,)+
        }

        impl $schemes {
            /// Every scheme.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The canonical spelling.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $scheme,)+ }
            }

            /// The scheme of exactly that spelling, if there is one.
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($scheme => Some(Self::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $schemes {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }

        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(serde::Serialize, serde::Deserialize)]
        #[serde(into = "crate::ids::union::Pair", try_from = "crate::ids::union::Pair")]
        pub enum $union {
            $($(#[$row_doc])* $variant($id),)+
        }

        impl $union {
            /// The identifier of that scheme, or the rule it breaks.
            pub fn parse(scheme: &str, value: &str) -> Result<Self, $crate::ids::IdError> {
                match $schemes::parse(scheme).ok_or($crate::ids::IdError::UnknownScheme)? {
                    $($schemes::$variant => $parse(value).map(Self::$variant),)+
                }
            }

            /// Its scheme.
            pub const fn scheme(&self) -> $schemes {
                match self { $(Self::$variant(_) => $schemes::$variant,)+ }
            }

            /// Its canonical value. Means nothing without the scheme.
            pub fn value(&self) -> &str {
                match self { $(Self::$variant(id) => id.as_str(),)+ }
            }
        }

        impl TryFrom<crate::ids::union::Pair> for $union {
            type Error = $crate::ids::IdError;

            fn try_from(pair: crate::ids::union::Pair) -> Result<Self, Self::Error> {
                Self::parse(&pair.scheme, &pair.value)
            }
        }

        impl From<$union> for crate::ids::union::Pair {
            fn from(id: $union) -> Self {
                Self { scheme: id.scheme().name().to_owned(), value: id.value().to_owned() }
            }
        }
    };
}
pub(super) use identifier_union;

/// Scheme and value as they are written down.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pair {
    pub(super) scheme: String,
    pub(super) value: String,
}

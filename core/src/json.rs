//! Strict JSON: what two parsers could read differently is refused.
//!
//! Beyond RFC 8259: no duplicate member at any level (RFC 7493 §2.3), a bound on size, depth and
//! members, and "absent", "null" and "of another type" are three things.

use alloc::{borrow::ToOwned as _, collections::BTreeMap, string::String, vec::Vec};
use core::fmt;
use serde::{
    Serialize, Serializer,
    de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor},
};

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A whole number that is not negative.
    Unsigned(u64),
    /// A negative whole number.
    Negative(i64),
    /// Any other number.
    Float(f64),
    /// A string.
    Text(String),
    /// An array.
    Array(Vec<Self>),
    /// An object.
    Object(Object),
}

/// A JSON object: each name once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object(BTreeMap<String, Json>);

/// How much JSON is read.
#[derive(Clone, Copy, Debug)]
pub struct JsonLimits {
    /// Bytes of text.
    pub bytes: usize,
    /// Arrays and objects within each other; a plain value has depth 0.
    pub depth: usize,
    /// Members of one object, or elements of one array.
    pub members: usize,
}

/// Why a text was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum JsonError {
    /// A member has the wrong type.
    MemberType(&'static str),
    /// A member that must be there is absent.
    MissingMember(&'static str),
    /// The text is JSON, but not an object.
    NotAnObject,
    /// Not JSON, a duplicate member, or more than the limits allow.
    Text,
    /// More bytes than the limits allow.
    TooLong,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MemberType(name) => write!(f, "the member {name} has the wrong type"),
            Self::MissingMember(name) => write!(f, "the member {name} is absent"),
            Self::NotAnObject => f.write_str("the JSON text is not an object"),
            Self::Text => f.write_str("not a strict JSON text"),
            Self::TooLong => f.write_str("the JSON text is too long"),
        }
    }
}

impl core::error::Error for JsonError {}

impl Object {
    /// Parses `text`, whose top level is an object.
    ///
    /// # Errors
    ///
    /// [`JsonError`], without the position: the text is a stranger's.
    pub fn parse(text: &[u8], limits: JsonLimits) -> Result<Self, JsonError> {
        if text.len() > limits.bytes {
            return Err(JsonError::TooLong);
        }
        let mut deserializer = serde_json::Deserializer::from_slice(text);
        let seed = Strict { depth: limits.depth, members: limits.members };
        let value = seed.deserialize(&mut deserializer).map_err(|_| JsonError::Text)?;
        deserializer.end().map_err(|_| JsonError::Text)?;
        match value {
            Json::Object(object) => Ok(object),
            _ => Err(JsonError::NotAnObject),
        }
    }

    /// The member `name`; a member that is `null` is there.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.0.get(name)
    }

    /// The text of the member `name`, `None` where it is absent.
    ///
    /// # Errors
    ///
    /// [`JsonError::MemberType`] where it is there and no string.
    pub fn text(&self, name: &'static str) -> Result<Option<&str>, JsonError> {
        match self.get(name) {
            None => Ok(None),
            Some(Json::Text(text)) => Ok(Some(text)),
            Some(_) => Err(JsonError::MemberType(name)),
        }
    }

    /// The text of the member `name`, which must be there.
    ///
    /// # Errors
    ///
    /// [`JsonError`] where it is absent or no string.
    pub fn required_text(&self, name: &'static str) -> Result<&str, JsonError> {
        self.text(name)?.ok_or(JsonError::MissingMember(name))
    }

    /// The strings of the member `name`, an array of strings; `None` where it is absent.
    ///
    /// # Errors
    ///
    /// [`JsonError::MemberType`] where it is there and anything else.
    pub fn texts(&self, name: &'static str) -> Result<Option<Vec<&str>>, JsonError> {
        let wrong = JsonError::MemberType(name);
        match self.get(name) {
            None => Ok(None),
            Some(Json::Array(elements)) => elements
                .iter()
                .map(|element| match element {
                    Json::Text(text) => Ok(text.as_str()),
                    _ => Err(wrong),
                })
                .collect::<Result<_, _>>()
                .map(Some),
            Some(_) => Err(wrong),
        }
    }

    /// Sets the member `name`.
    pub fn insert(&mut self, name: impl Into<String>, value: Json) {
        self.0.insert(name.into(), value);
    }

    /// The members, ordered by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The object as JSON text.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl FromIterator<(String, Json)> for Object {
    fn from_iter<I: IntoIterator<Item = (String, Json)>>(members: I) -> Self {
        Self(members.into_iter().collect())
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

struct Strict {
    depth: usize,
    members: usize,
}

impl Strict {
    fn inner<E: serde::de::Error>(&self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| E::custom("too deep"))?;
        Ok(Self { depth, members: self.members })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Json;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Unsigned(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(u64::try_from(value).map_or(Json::Negative(value), Json::Unsigned))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::from(value))
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Json, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = sequence.next_element_seed(self.inner()?)? {
            if elements.len() >= self.members {
                return Err(A::Error::custom("too many elements"));
            }
            elements.push(element);
        }
        Ok(Json::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut members = BTreeMap::new();
        while let Some(name) = map.next_key::<String>()? {
            let value = map.next_value_seed(self.inner()?)?;
            if members.len() >= self.members {
                return Err(A::Error::custom("too many members"));
            }
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("duplicate member"));
            }
        }
        Ok(Json::Object(Object(members)))
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Unsigned(value) => serializer.serialize_u64(*value),
            Self::Negative(value) => serializer.serialize_i64(*value),
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::Text(value) => serializer.serialize_str(value),
            Self::Array(elements) => serializer.collect_seq(elements),
            Self::Object(object) => object.serialize(serializer),
        }
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    const LIMITS: JsonLimits = JsonLimits { bytes: 1024, depth: 3, members: 4 };

    fn parse(text: &str) -> Result<Object, JsonError> {
        Object::parse(text.as_bytes(), LIMITS)
    }

    /// J14: a duplicate member is refused at every level, also when it is spelt with an escape.
    #[test]
    fn refuses_duplicate_members() {
        for text in [
            r#"{"a":1,"a":2}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"x":{"a":1,"a":1}}"#,
            r#"{"x":[{"a":1,"a":1}]}"#,
        ] {
            assert_eq!(parse(text), Err(JsonError::Text), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_not_one_object() {
        for text in ["", "{", "{}x", "{} {}", "\u{feff}{}", r#"{"a":"\ud800"}"#, r#"{"a":1e400}"#] {
            assert_eq!(parse(text), Err(JsonError::Text), "{text}");
        }
        for text in ["[]", "null", "1", r#""a""#] {
            assert_eq!(parse(text), Err(JsonError::NotAnObject), "{text}");
        }
        assert_eq!(Object::parse(b"{\"a\":\"\xff\"}", LIMITS), Err(JsonError::Text));
    }

    /// J15: what is too deep, too wide or too long is refused before it costs anything.
    #[test]
    fn bounds_depth_members_and_length() {
        assert!(parse(r#"{"a":[[1]]}"#).is_ok());
        assert_eq!(parse(r#"{"a":[[[1]]]}"#), Err(JsonError::Text));
        assert!(parse(r#"{"a":[1,2,3,4]}"#).is_ok());
        assert_eq!(parse(r#"{"a":[1,2,3,4,5]}"#), Err(JsonError::Text));
        assert_eq!(parse(r#"{"a":1,"b":1,"c":1,"d":1,"e":1}"#), Err(JsonError::Text));
        assert_eq!(parse(&format!("{{\"a\":\"{}\"}}", "x".repeat(1024))), Err(JsonError::TooLong));
        let deep = "[".repeat(100_000);
        let limits = JsonLimits { bytes: usize::MAX, depth: 64, members: 4 };
        assert_eq!(Object::parse(deep.as_bytes(), limits), Err(JsonError::Text));
    }

    /// J21: absent, null and of another type are three things.
    #[test]
    fn tells_absent_from_null_and_from_another_type() {
        let object = parse(r#"{"null":null,"number":1,"text":"t"}"#).unwrap();
        assert_eq!(object.text("absent"), Ok(None));
        assert_eq!(object.text("text"), Ok(Some("t")));
        assert_eq!(object.text("null"), Err(JsonError::MemberType("null")));
        assert_eq!(object.text("number"), Err(JsonError::MemberType("number")));
        assert_eq!(object.required_text("absent"), Err(JsonError::MissingMember("absent")));
        let object = parse(r#"{"texts":["a","b"],"mixed":["a",1],"text":"a"}"#).unwrap();
        assert_eq!(object.texts("texts"), Ok(Some(["a", "b"].to_vec())));
        assert_eq!(object.texts("absent"), Ok(None));
        assert_eq!(object.texts("mixed"), Err(JsonError::MemberType("mixed")));
        assert_eq!(object.texts("text"), Err(JsonError::MemberType("text")));
    }

    #[test]
    fn writes_what_it_reads() {
        let text = r#"{"a":[1,-2,1.5,null,true],"b":{"c":"\"<"}}"#;
        let limits = JsonLimits { members: 8, ..LIMITS };
        let object = Object::parse(text.as_bytes(), limits).unwrap();
        assert_eq!(object.to_json(), text);
    }
}

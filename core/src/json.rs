//! Strict JSON: what two parsers could read differently is refused.
//!
//! Beyond RFC 8259: no duplicate member at any level (RFC 7493 §2.3), a bound on size, depth and
//! members, and "absent", "null" and "of another type" are three things.

mod name;

use alloc::{borrow::ToOwned as _, string::String, vec::Vec};
use core::fmt;
use name::{Name, NameSeed};
use serde::{
    Serialize, Serializer,
    de::{DeserializeOwned, DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor},
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
pub struct Object(
    /// Ordered by name.
    Vec<(Name, Json)>,
);

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
    /// An object does not have what a type of the caller's needs.
    Shape,
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
            Self::Shape => f.write_str("the object does not have the shape that is needed"),
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
        let text = core::str::from_utf8(text).map_err(|_| JsonError::Text)?;
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let JsonLimits { depth, members, .. } = limits;
        let seed = Strict { depth, members, room: USUAL_MEMBERS };
        let value = seed.deserialize(&mut deserializer).map_err(|_| JsonError::Text)?;
        deserializer.end().map_err(|_| JsonError::Text)?;
        match value {
            Json::Object(object) => Ok(object),
            _ => Err(JsonError::NotAnObject),
        }
    }

    /// The member `name`; a member that is `null` is there.
    #[inline]
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Json> {
        let at = self.position(name).ok()?;
        self.0.get(at).map(|(_, value)| value)
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

    /// The value at the end of `path`, one name for each level. A name is never taken apart: a
    /// member whose name has a dot in it is one step.
    #[must_use]
    pub fn at(&self, path: &[impl AsRef<str>]) -> Option<&Json> {
        let (last, parents) = path.split_last()?;
        let object =
            parents.iter().try_fold(self, |object, name| match object.get(name.as_ref()) {
                Some(Json::Object(inner)) => Some(inner),
                _ => None,
            })?;
        object.get(last.as_ref())
    }

    /// Sets the member `name`.
    pub fn insert(&mut self, name: impl Into<String>, value: Json) {
        self.set(Name::from(name.into()), value);
    }

    fn set(&mut self, name: Name, value: Json) {
        match self.position(name.as_str()) {
            Ok(at) => {
                if let Some((_, old)) = self.0.get_mut(at) {
                    *old = value;
                }
            }
            Err(at) => self.0.insert(at, (name, value)),
        }
    }

    /// Where `name` stands, or where it would.
    #[inline]
    fn position(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(other, _)| other.compare(name))
    }

    /// The members, ordered by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The object as a type of the caller's.
    ///
    /// # Errors
    ///
    /// [`JsonError::Shape`] where it does not have what the type needs.
    pub fn deserialize<T: DeserializeOwned>(&self) -> Result<T, JsonError> {
        serde_json::from_str(&self.to_json()).map_err(|_| JsonError::Shape)
    }

    /// The object as JSON text.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl FromIterator<(String, Json)> for Object {
    fn from_iter<I: IntoIterator<Item = (String, Json)>>(members: I) -> Self {
        let mut object = Self::default();
        for (name, value) in members {
            object.set(Name::from(name), value);
        }
        object
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<u64> for Json {
    fn from(number: u64) -> Self {
        Self::Unsigned(number)
    }
}

impl<T: Into<Self>> FromIterator<T> for Json {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        Self::Array(elements.into_iter().map(Into::into).collect())
    }
}

/// How many members most objects have at the top of a text.
const USUAL_MEMBERS: usize = 8;

struct Strict {
    depth: usize,
    members: usize,
    /// For how many members there is room before any is read. None within other values: a text may
    /// have a great many empty objects in it.
    room: usize,
}

impl Strict {
    fn inner<E: serde::de::Error>(&self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| E::custom("too deep"))?;
        Ok(Self { depth, members: self.members, room: 0 })
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
        let mut members = Vec::with_capacity(self.room);
        while let Some(name) = map.next_key_seed(NameSeed)? {
            let value = map.next_value_seed(self.inner()?)?;
            if members.len() >= self.members {
                return Err(A::Error::custom("too many members"));
            }
            members.push((name, value));
        }
        members.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        if members.windows(2).any(|pair| matches!(pair, [(one, _), (other, _)] if one == other)) {
            return Err(A::Error::custom("duplicate member"));
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
    use alloc::{format, vec};

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

    /// J15: what is read takes no more than some times the room of its text, whatever it is. A token
    /// of a stranger's may be held for as long as its issuer is asked for a key.
    #[test]
    fn takes_room_in_proportion_to_its_text() {
        fn room(value: &Json) -> usize {
            match value {
                Json::Array(elements) => {
                    let inner: usize = elements.iter().map(room).sum();
                    elements.capacity() * size_of::<Json>() + inner
                }
                Json::Object(Object(members)) => {
                    let inner: usize = members.iter().map(|(_, value)| room(value)).sum();
                    members.capacity() * size_of::<(Name, Json)>() + inner
                }
                _ => 0,
            }
        }
        let limits = JsonLimits { bytes: 16 * 1024, depth: 32, members: 2000 };
        for element in ["{}", r#"{"":0}"#, "[]", "[0]", "0", r#"{"":{}}"#, "[[[[]]]]"] {
            let text = format!(r#"{{"a":[{}]}}"#, vec![element; 1000].join(","));
            let object = Object::parse(text.as_bytes(), limits).unwrap();
            let room = room(&Json::Object(object));
            assert!(room <= 64 * text.len(), "{element}: {room} for {}", text.len());
        }
    }

    #[test]
    fn writes_what_it_reads() {
        let text = r#"{"a":[1,-2,1.5,null,true],"b":{"c":"\"<"}}"#;
        let limits = JsonLimits { members: 8, ..LIMITS };
        let object = Object::parse(text.as_bytes(), limits).unwrap();
        assert_eq!(object.to_json(), text);
    }
}

//! `a=` lines: kept as text, typed on demand.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use super::Direction;

/// Names of the attributes that have no value.
pub mod flag {
    /// RTP and RTCP on one port (RFC 5761 5.1.1).
    pub const RTCP_MUX: &str = "rtcp-mux";
    /// The peer is reachable without ICE checks of its own (RFC 8839 5.3).
    pub const ICE_LITE: &str = "ice-lite";
    /// No further candidates will come (RFC 8840 8.2).
    pub const END_OF_CANDIDATES: &str = "end-of-candidates";
    /// The MSRP peer takes the address of `c=` and `m=` rather than that of the path (RFC 6714 3).
    pub const MSRP_CEMA: &str = "msrp-cema";
}

/// One `a=` line.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Attribute {
    /// What stands before the first colon.
    pub name: String,
    /// What stands after it, as it came; `None` for a flag.
    pub value: Option<String>,
}

impl Attribute {
    /// A flag: `a=<name>`.
    pub fn flag(name: impl Into<String>) -> Attribute {
        Attribute { name: name.into(), value: None }
    }

    /// An attribute with a value: `a=<name>:<value>`.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Attribute {
        Attribute { name: name.into(), value: Some(value.into()) }
    }

    /// The attribute that says this.
    pub fn typed<T: TypedAttribute>(value: &T) -> Attribute {
        Attribute::new(T::NAME, value.to_string())
    }

    fn is_named(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// An attribute whose value has a meaning. `Display` writes what [`parse`](TypedAttribute::parse) reads.
pub trait TypedAttribute: Sized + fmt::Display {
    /// The attribute's name.
    const NAME: &'static str;

    /// Reads the value, or `None` if it makes no sense.
    fn parse(value: &str) -> Option<Self>;
}

/// The `a=` lines of a session or of one media description, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes(Vec<Attribute>);

impl Attributes {
    /// No attributes.
    pub const fn new() -> Attributes {
        Attributes(Vec::new())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, in order.
    pub fn iter(&self) -> core::slice::Iter<'_, Attribute> {
        self.0.iter()
    }

    /// Adds one at the end.
    pub fn push(&mut self, attribute: Attribute) {
        self.0.push(attribute);
    }

    /// Adds a typed one at the end.
    pub fn add<T: TypedAttribute>(&mut self, value: &T) {
        self.push(Attribute::typed(value));
    }

    /// Removes every attribute of this name.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|attribute| !attribute.is_named(name));
    }

    /// True if there is one of this name, with a value or without.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|attribute| attribute.is_named(name))
    }

    /// The values of all attributes of this name, as they came.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |attribute| attribute.is_named(name))
            .filter_map(|attribute| attribute.value.as_deref())
    }

    /// Every attribute of this type that makes sense.
    pub fn all<T: TypedAttribute>(&self) -> impl Iterator<Item = T> {
        self.values(T::NAME).filter_map(T::parse)
    }

    /// The first attribute of this type that makes sense.
    pub fn first<T: TypedAttribute>(&self) -> Option<T> {
        self.all::<T>().next()
    }

    /// The first direction that is named; `None` if none is.
    pub fn direction(&self) -> Option<Direction> {
        self.0.iter().filter(|attribute| attribute.value.is_none()).find_map(|flag| Direction::from_name(&flag.name))
    }

    /// Names this direction and no other.
    pub fn set_direction(&mut self, direction: Direction) {
        self.0.retain(|attribute| attribute.value.is_some() || Direction::from_name(&attribute.name).is_none());
        self.push(Attribute::flag(direction.name()));
    }
}

impl<'a> IntoIterator for &'a Attributes {
    type Item = &'a Attribute;
    type IntoIter = core::slice::Iter<'a, Attribute>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl FromIterator<Attribute> for Attributes {
    fn from_iter<I: IntoIterator<Item = Attribute>>(attributes: I) -> Self {
        Attributes(attributes.into_iter().collect())
    }
}

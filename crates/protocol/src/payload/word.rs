//! Enums of the domain as their fixed words.

use serde::{Deserialize, Deserializer, Serializer, de};
use skranke_domain::case::Field;
use skranke_domain::event::{
    AttachmentPurpose, Channel, Ending, GuardianScope, OfferAnswer, PaperKind, ReceiptDelivery,
    RegisterStatus, Residence, Tick,
};
use skranke_domain::rule_set::{Duration, RuleSetCode};

/// An enum that is written as a word.
pub(super) trait Word: Copy {
    /// The word.
    fn word(self) -> &'static str;
    /// The value of a word.
    fn of(word: &str) -> Option<Self>;
}

macro_rules! words {
    ($($name:ident),+) => {
        $(impl Word for $name {
            fn word(self) -> &'static str {
                self.code()
            }
            fn of(word: &str) -> Option<Self> {
                Self::from_code(word)
            }
        })+
    };
}

words!(
    AttachmentPurpose,
    Channel,
    Duration,
    Ending,
    Field,
    GuardianScope,
    OfferAnswer,
    PaperKind,
    ReceiptDelivery,
    RegisterStatus,
    Residence,
    RuleSetCode,
    Tick
);

pub(super) fn serialize<S: Serializer, T: Word>(
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(value.word())
}

pub(super) fn deserialize<'de, D: Deserializer<'de>, T: Word>(
    deserializer: D,
) -> Result<T, D::Error> {
    let word = String::deserialize(deserializer)?;
    T::of(&word).ok_or_else(|| de::Error::custom("not a word of this field"))
}

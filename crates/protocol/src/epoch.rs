//! Epochs: what an operator signs when a central store goes on from an older state than clients have seen.
//!
//! A server restored from a backup lacks what was confirmed after it. It opens a new epoch, and clients offer again
//! what they hold beyond the part of the feed that both still share. Only the operator's key can open one, so a server
//! that was merely rolled back cannot pass for one that was restored.
//!
//! Basis: design, section 6; reliability, finding 6; sync-and-speed 3.3.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::confirmation::{Signed, Statement};
use crate::encoding::{as_text, hex_array};
use crate::instant;
use crate::signature::{PublicKey, Purpose};

/// How much of an earlier epoch's feed is in the new one, item by item at the same positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Shared {
    /// The earlier epoch.
    pub epoch: u64,
    /// The last position both have.
    pub position: u64,
}

/// What the operator states when a new epoch begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EpochOpening {
    /// The municipality.
    pub tenant: String,
    /// The epoch that begins.
    pub epoch: u64,
    /// The feed's last position at its beginning.
    pub position: u64,
    /// Root of the tree over that feed.
    #[serde(with = "hex_array")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub root: [u8; 32],
    /// How much of every earlier epoch is in it, oldest first.
    pub shared: Vec<Shared>,
    /// When it was opened.
    #[serde(with = "instant::wire")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub opened_at: DateTime<Utc>,
}

impl Statement for EpochOpening {
    const PURPOSE: Purpose = Purpose::Epoch;
}

impl EpochOpening {
    /// The opening of the epoch after `epoch`, numbered by the millisecond it is opened in. The feed stands at `position` with
    /// `root`; `before` opened `epoch`, where it was not the first.
    pub fn after(
        tenant: &str,
        epoch: u64,
        (position, root): (u64, [u8; 32]),
        before: Option<&Self>,
        opened_at: DateTime<Utc>,
    ) -> Self {
        let earlier = before.map(|before| before.shared.as_slice());
        let mut shared: Vec<Shared> = earlier
            .unwrap_or_default()
            .iter()
            .map(|shared| Shared {
                position: shared.position.min(position),
                ..*shared
            })
            .collect();
        shared.push(Shared { epoch, position });
        // The same backup can be put back twice, and the second time knows nothing of the first.
        let moment = u64::try_from(opened_at.timestamp_millis()).unwrap_or(0);
        Self {
            tenant: tenant.to_owned(),
            epoch: moment.max(epoch + 1),
            position,
            root,
            shared,
            opened_at,
        }
    }

    /// The last position that a reader of `epoch`, which `before` opened where it was not the first, has in common with
    /// this epoch; none where nothing shows one.
    pub fn shared_with(&self, epoch: u64, before: Option<&Self>) -> Option<u64> {
        let at = |shared: &[Shared], epoch: u64| {
            let found = shared.iter().find(|shared| shared.epoch == epoch);
            found.map(|shared| shared.position)
        };
        // Where this epoch does not know the reader's, both know one before them.
        let ancestors = before.into_iter().flat_map(|before| &before.shared);
        let through = ancestors.filter_map(|ancestor| {
            let position = at(&self.shared, ancestor.epoch)?;
            Some(position.min(ancestor.position))
        });
        through.chain(at(&self.shared, epoch)).max()
    }
}

/// What vouches for a server's epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EpochWarrant {
    /// The operator's key. A client keeps the one it heard at enrolment and believes no other.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub operator_key: PublicKey,
    /// The opening of the present epoch; none in the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opening: Option<Signed<EpochOpening>>,
}

impl EpochWarrant {
    /// The opening of `epoch` for `tenant`, where `key` signed it.
    pub fn opened_by(&self, key: &PublicKey, tenant: &str, epoch: u64) -> Option<EpochOpening> {
        let opening = self.opening.as_ref()?.verify(key).ok()?;
        (opening.tenant == tenant && opening.epoch == epoch).then_some(opening)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::noon;
    use crate::signature::SigningKey;

    fn opening(epoch: u64, position: u64, before: Option<&EpochOpening>) -> EpochOpening {
        let at = chrono::DateTime::UNIX_EPOCH;
        EpochOpening::after("0999", epoch, (position, [7; 32]), before, at)
    }

    #[test]
    fn the_signed_text_is_pinned() {
        let opening = EpochOpening::after("0999", 1, (31, [7; 32]), None, noon());
        let signed = Signed::new(&opening, &SigningKey::from_seed(&[1; 32])).unwrap();

        assert_eq!(
            signed.body(),
            concat!(
                r#"{"epoch":1795262400000,"opened_at":"2026-11-21T12:00:00.000Z","position":31,"#,
                r#""root":"0707070707070707070707070707070707070707070707070707070707070707","#,
                r#""shared":[{"epoch":1,"position":31}],"tenant":"0999"}"#
            )
        );
    }

    #[test]
    fn what_two_restores_left_is_the_least_of_both() {
        let second = opening(1, 20, None);
        let third = opening(2, 35, Some(&second));
        let fourth = opening(3, 12, Some(&third));

        let shared =
            |opening: &EpochOpening| [1, 2, 3, 4].map(|epoch| opening.shared_with(epoch, None));
        assert_eq!(shared(&second), [Some(20), None, None, None]);
        assert_eq!(
            shared(&third),
            [Some(20), Some(35), None, None],
            "a reader of epoch 1 has nothing of what came in epoch 2"
        );
        assert_eq!(shared(&fourth), [Some(12), Some(12), Some(12), None]);
    }

    #[test]
    fn two_restores_of_one_backup_share_what_the_backup_held() {
        let first = opening(1, 20, None);
        let again = EpochOpening {
            epoch: 7,
            ..opening(1, 15, None)
        };

        assert_eq!(
            again.shared_with(2, None),
            None,
            "it never heard of epoch 2"
        );
        assert_eq!(again.shared_with(2, Some(&first)), Some(15));
    }

    #[test]
    fn only_the_operator_opens_an_epoch_and_each_opening_is_for_one_municipality_and_epoch() {
        let operator = SigningKey::from_seed(&[1; 32]);
        let server = SigningKey::from_seed(&[2; 32]);
        let warrant = |key: &SigningKey| EpochWarrant {
            operator_key: key.public(),
            opening: Some(Signed::new(&opening(1, 20, None), key).unwrap()),
        };

        let trusted = operator.public();
        assert!(warrant(&operator).opened_by(&trusted, "0999", 2).is_some());
        assert!(warrant(&operator).opened_by(&trusted, "0101", 2).is_none());
        assert!(warrant(&operator).opened_by(&trusted, "0999", 3).is_none());
        assert!(
            warrant(&server).opened_by(&trusted, "0999", 2).is_none(),
            "the key that counts is the one heard at enrolment"
        );
    }
}

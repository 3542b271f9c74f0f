//! When each device was last in contact: noted at its first contact and then every ten minutes, so that a desktop that
//! asks every few seconds costs no write each time.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use skranke_domain::ids::DeviceId;

const NOTED_EVERY: Duration = Duration::from_secs(10 * 60);

/// Which contact was noted last, since the server started.
#[derive(Default)]
pub(crate) struct Contacts {
    noted: Mutex<HashMap<DeviceId, Instant>>,
}

impl Contacts {
    /// Whether this contact is to be noted.
    pub(crate) fn is_news(&self, device: DeviceId, now: Instant) -> bool {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = noted
            .get(&device)
            .is_none_or(|last| now - *last >= NOTED_EVERY);
        if is_news {
            noted.insert(device, now);
        }
        is_news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_is_noted_at_first_and_then_every_ten_minutes() {
        let contacts = Contacts::default();
        let device = DeviceId::from_uuid(uuid::Uuid::from_u128(1));
        let begun = Instant::now();
        let at = |minutes: u64| begun + Duration::from_secs(60 * minutes);

        let noted: Vec<_> = [0, 1, 9, 10, 11, 25]
            .into_iter()
            .filter(|minutes| contacts.is_news(device, at(*minutes)))
            .collect();

        assert_eq!(noted, [0, 10, 25]);
    }
}

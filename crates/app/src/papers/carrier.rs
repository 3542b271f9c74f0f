//! Who takes a paper along: one table over papers and channels. A protected address is printed on nothing that
//! somebody else may carry.
//!
//! | Paper | The citizen came | Somebody else came |
//! |---|---|---|
//! | Receipt, interim paper, hand-in slip, information sheet, rejection | the citizen | the third person |
//! | The same receipt, once it was posted | the post | the post, or the third person for a copy |
//! | Refusal, what is missing | the post | the post, or the third person at the desk |
//! | Letters about a mistake or a take-back | the post | the post |
//! | F1 and F2 | nobody: they stay in the case | the third person, for the citizen's signature |
//!
//! Basis: design, section 8; domain reference 4.6 (handed to the citizen or the representative, or posted).

use skranke_documents::papers::Carrier;
use skranke_domain::event::{Channel, PaperKind};

/// Who may come to carry this paper. A channel that is not known counts as somebody else.
pub(crate) const fn carrier(kind: PaperKind, channel: Option<Channel>, posted: bool) -> Carrier {
    let somebody_else = match channel {
        Some(Channel::InPerson) => false,
        Some(Channel::Representative | Channel::Guardian) | None => true,
    };
    match (kind, somebody_else, posted) {
        (PaperKind::ExemptionReceipt, false, true) => Carrier::Post,
        (PaperKind::ExemptionReceipt, true, true) => Carrier::PostOrThirdPerson,
        (
            PaperKind::ExemptionReceipt
            | PaperKind::InterimPaper
            | PaperKind::HandInSlip
            | PaperKind::InformationSheet
            | PaperKind::Rejection,
            false,
            _,
        ) => Carrier::Citizen,
        (
            PaperKind::ExemptionReceipt
            | PaperKind::InterimPaper
            | PaperKind::HandInSlip
            | PaperKind::InformationSheet
            | PaperKind::Rejection,
            true,
            _,
        ) => Carrier::ThirdPerson,
        (PaperKind::Refusal | PaperKind::MissingInformation, false, _) => Carrier::Post,
        (PaperKind::Refusal | PaperKind::MissingInformation, true, _) => Carrier::PostOrThirdPerson,
        (
            PaperKind::CorrectionToWrongPerson
            | PaperKind::CorrectionToRightPerson
            | PaperKind::TakenBack,
            _,
            _,
        ) => Carrier::Post,
        (PaperKind::Request | PaperKind::PowerOfAttorney, false, _) => Carrier::Case,
        (PaperKind::Request | PaperKind::PowerOfAttorney, true, _) => Carrier::ThirdPerson,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_else_may_carry_never_counts_as_the_citizens_own() {
        let posted_letters = [
            PaperKind::CorrectionToWrongPerson,
            PaperKind::CorrectionToRightPerson,
            PaperKind::TakenBack,
        ];
        for kind in PaperKind::ALL {
            for channel in [Some(Channel::Representative), Some(Channel::Guardian), None] {
                for posted in [false, true] {
                    let carrier = carrier(*kind, channel, posted);
                    let may_be_carried =
                        matches!(carrier, Carrier::ThirdPerson | Carrier::PostOrThirdPerson);
                    assert_eq!(
                        may_be_carried,
                        !posted_letters.contains(kind),
                        "{} {channel:?}",
                        kind.code()
                    );
                }
            }
        }
    }

    #[test]
    fn nobody_else_carries_the_papers_of_a_citizen_who_came() {
        for kind in PaperKind::ALL {
            for posted in [false, true] {
                let carrier = carrier(*kind, Some(Channel::InPerson), posted);
                assert!(
                    matches!(carrier, Carrier::Citizen | Carrier::Post | Carrier::Case),
                    "{}",
                    kind.code()
                );
            }
        }
    }
}

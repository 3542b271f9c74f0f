//! Named deadlines, as the seeds state them. A profile may give a name another length.

use super::Rule;
use crate::coded::coded;

coded! {
    /// A deadline with a name.
    pub enum Policy {
        /// A draft answer in the mayor's, director's or chair's flow.
        ///
        /// Basis: seed 003, seven working days.
        EnquiryDraft => "svarudkast",
        /// The answer to an enquiry to the mayor, a director, a member or a chair.
        ///
        /// Basis: seed 003, ten working days.
        EnquiryAnswer => "svar-paa-henvendelse",
        /// The answer to a general written enquiry.
        ///
        /// Basis: seed 001, ten days, aimed at.
        GeneralEnquiry => "generel-henvendelse",
        /// Ringing a citizen back.
        ///
        /// Basis: seed 001, 24 hours.
        CallBack => "ring-tilbage",
        /// Access to documents as a party.
        ///
        /// Basis: practice 28, seven working days; a profile setting.
        PartyAccess => "partsaktindsigt",
    }
}

coded! {
    /// The three kinds of deadline that must not be mixed up.
    ///
    /// Basis: practice 20.
    pub enum DeadlineClass {
        /// A time limit in a letter, for the citizen to keep.
        LimitInLetter => "frist_i_brev",
        /// A deadline the municipality has set by law or for itself.
        SetByMunicipality => "fastsat_frist",
        /// A service goal.
        ServiceGoal => "servicemaal",
    }
}

coded! {
    /// How firmly a deadline binds.
    pub enum Strength {
        /// It is to be kept.
        Firm => "skal",
        /// It is aimed at (*bør tilstræbes*).
        AimedAt => "boer_tilstraebes",
    }
}

coded! {
    /// What starts the clock.
    pub enum CountsFrom {
        /// The receipt of the enquiry.
        Receipt => "modtagelse",
        /// The receipt of the enquiry and of complete information, whichever comes last.
        ReceiptAndCompleteInformation => "modtagelse_og_fyldestgoerende_oplysninger",
    }
}

impl Policy {
    /// How long it runs where the profile says nothing else.
    pub const fn default_rule(self) -> Rule {
        match self {
            Self::EnquiryDraft | Self::PartyAccess => Rule::WorkingDays(7),
            Self::EnquiryAnswer => Rule::WorkingDays(10),
            Self::GeneralEnquiry => Rule::CalendarDays(10),
            Self::CallBack => Rule::Hours(24),
        }
    }

    /// Which of the three kinds it is.
    pub const fn class(self) -> DeadlineClass {
        match self {
            Self::GeneralEnquiry | Self::CallBack => DeadlineClass::ServiceGoal,
            Self::EnquiryDraft | Self::EnquiryAnswer | Self::PartyAccess => {
                DeadlineClass::SetByMunicipality
            }
        }
    }

    /// How firmly it binds.
    pub const fn strength(self) -> Strength {
        match self {
            Self::GeneralEnquiry => Strength::AimedAt,
            Self::EnquiryDraft | Self::EnquiryAnswer | Self::CallBack | Self::PartyAccess => {
                Strength::Firm
            }
        }
    }

    /// What starts its clock.
    pub const fn counts_from(self) -> CountsFrom {
        match self {
            Self::GeneralEnquiry => CountsFrom::ReceiptAndCompleteInformation,
            Self::EnquiryDraft | Self::EnquiryAnswer | Self::CallBack | Self::PartyAccess => {
                CountsFrom::Receipt
            }
        }
    }
}

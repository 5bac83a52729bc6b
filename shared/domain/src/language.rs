//! The languages the product speaks.

codes! {
    /// A language of the portal and its mails.
    pub enum Language {
        /// English
        En = "en",
        /// French
        Fr = "fr",
        /// Spanish
        Es = "es",
    }
}

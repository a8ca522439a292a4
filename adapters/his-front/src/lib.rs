//! HIS through the hospital's front-end service platform

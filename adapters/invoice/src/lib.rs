//! Fiscal medical e-invoice platform

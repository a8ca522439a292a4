-- Around visits. machine codes elsewhere: 5 check_in, 6 stop, 7 suspension, 8 notice, 9 filing.
CREATE TABLE check_in (
  hosp {T} NOT NULL,
  id {I} NOT NULL,
  ver {I} NOT NULL,
  st {C16} NOT NULL,
  attention {I} NOT NULL CHECK (attention IN (0, 1)),
  business_no {C32} NOT NULL,
  biz_date {C16} NOT NULL,
  created_ms {I} NOT NULL,
  body_enc {B} NOT NULL,
  PRIMARY KEY (hosp, id)
) {S};

CREATE INDEX check_in_attention ON check_in (hosp, id) WHERE attention = 1;

CREATE TABLE clinic_stop (
  hosp {T} NOT NULL,
  id {I} NOT NULL,
  ver {I} NOT NULL,
  st {C16} NOT NULL,
  attention {I} NOT NULL CHECK (attention IN (0, 1)),
  business_no {C32} NOT NULL,
  biz_date {C16} NOT NULL,
  created_ms {I} NOT NULL,
  body_enc {B} NOT NULL,
  PRIMARY KEY (hosp, id)
) {S};

CREATE INDEX clinic_stop_attention ON clinic_stop (hosp, id) WHERE attention = 1;

CREATE TABLE suspension (
  hosp {T} NOT NULL,
  id {I} NOT NULL,
  ver {I} NOT NULL,
  st {C16} NOT NULL,
  attention {I} NOT NULL CHECK (attention IN (0, 1)),
  business_no {C32} NOT NULL,
  biz_date {C16} NOT NULL,
  created_ms {I} NOT NULL,
  patient_hash {B} NOT NULL,
  stop_id {I} NOT NULL,
  body_enc {B} NOT NULL,
  PRIMARY KEY (hosp, id)
) {S};

CREATE INDEX suspension_patient ON suspension (hosp, patient_hash, id);

CREATE INDEX suspension_attention ON suspension (hosp, id) WHERE attention = 1;

CREATE TABLE notice (
  hosp {T} NOT NULL,
  id {I} NOT NULL,
  ver {I} NOT NULL,
  st {C16} NOT NULL,
  attention {I} NOT NULL CHECK (attention IN (0, 1)),
  business_no {C32} NOT NULL,
  biz_date {C16} NOT NULL,
  created_ms {I} NOT NULL,
  suspension_id {I} NOT NULL,
  body_enc {B} NOT NULL,
  PRIMARY KEY (hosp, id)
) {S};

CREATE INDEX notice_attention ON notice (hosp, id) WHERE attention = 1;

CREATE TABLE filing (
  hosp {T} NOT NULL,
  id {I} NOT NULL,
  ver {I} NOT NULL,
  st {C16} NOT NULL,
  attention {I} NOT NULL CHECK (attention IN (0, 1)),
  business_no {C32} NOT NULL,
  biz_date {C16} NOT NULL,
  created_ms {I} NOT NULL,
  body_enc {B} NOT NULL,
  PRIMARY KEY (hosp, id)
) {S};

CREATE INDEX filing_attention ON filing (hosp, id) WHERE attention = 1;

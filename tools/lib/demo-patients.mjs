// Thirty invented people, fifteen a clinic. Nobody is called this, the addresses do not exist, the
// telephone numbers are of the range kept for fiction (555-01xx) and example.test never resolves.

const people = {
  northwind: [
    ['Juniper', 'Quillfeather', '1958-03-14', 'female', 'High blood pressure, well controlled.'],
    ['Basil', 'Thistlewood', '1972-11-02', 'male', 'Seasonal hay fever.'],
    ['Marigold', 'Featherstonehay', '1990-07-21', 'female', 'Migraine, twice a year.'],
    ['Linden', 'Copperpot', '2001-01-30', 'male', 'Broken wrist in 2015, healed.'],
    ['Saffron', 'Moonbeam', '1985-09-09', 'other', 'No known conditions.'],
    ['Rowan', 'Applegarth-Test', '1949-12-25', 'male', 'Type 2 diabetes, diet only.'],
    ['Clover', 'Butterworth-Sample', '2013-05-17', 'female', 'Mild asthma.'],
    ['Fennel', 'Brambleby', '1967-08-08', 'male', 'Allergic to penicillin.'],
    ['Hazel', 'Nutcombe', '1979-02-28', 'female', 'Under-active thyroid.'],
    ['Aspen', 'Silverleaf', '1996-10-10', 'unknown', 'No known conditions.'],
    ['Sorrel', 'Foxglove', '1938-06-06', 'female', 'Hip replaced in 2019.'],
    ['Alder', 'Mosswell', '1988-04-01', 'male', 'Lower back pain.'],
    ['Tansy', 'Ravenscroft-Demo', '2008-08-19', 'female', 'Lactose intolerance.'],
    ['Yarrow', 'Pennywhistle', '1975-03-03', 'male', 'Raised cholesterol.'],
    ['Bryony', 'Larkspur', '1963-01-11', 'female', 'Psoriasis.'],
  ],
  southgate: [
    ['Cobalt', 'Ironmonger', '1981-05-05', 'male', 'No known conditions.'],
    ['Amber', 'Glassington', '1994-12-12', 'female', 'Iron deficiency.'],
    ['Flint', 'Quarryman', '1955-07-07', 'male', 'Gout.'],
    ['Opal', 'Winterbottom-Test', '1947-02-14', 'female', 'Cataract surgery in 2020.'],
    ['Jasper', 'Stonehouse-Sample', '2010-10-31', 'male', 'Peanut allergy.'],
    ['Pearl', 'Oysterman', '1969-09-23', 'female', 'Rheumatoid arthritis.'],
    ['Slate', 'Rooftree', '1986-06-16', 'male', 'Sleep apnoea.'],
    ['Coral', 'Reefsworth', '1999-03-27', 'female', 'No known conditions.'],
    ['Onyx', 'Nightingale-Demo', '1977-11-19', 'other', 'Anxiety, in treatment.'],
    ['Garnet', 'Redfearn', '1942-08-30', 'male', 'Atrial fibrillation.'],
    ['Beryl', 'Greenstone', '1951-04-22', 'female', 'Osteoporosis.'],
    ['Mica', 'Sparklebury', '2015-01-09', 'unknown', 'Eczema.'],
    ['Sterling', 'Coinworthy', '1983-12-01', 'male', 'Appendix removed in 1999.'],
    ['Ruby', 'Slipperton', '1992-02-02', 'female', 'Polycystic ovary syndrome.'],
    ['Topaz', 'Brightwater', '1960-10-20', 'male', 'Chronic bronchitis.'],
  ],
};

const clinics = {
  northwind: { prefix: 'NW', street: 'Imaginary Lane, Northwind', firstTelephone: 100 },
  southgate: { prefix: 'SG', street: 'Made-up Street, Southgate', firstTelephone: 130 },
};

/** The bodies of POST /api/v1/patients for a clinic, by its slug. */
export function demoPatients(slug) {
  const { prefix, street, firstTelephone } = clinics[slug];
  return people[slug].map(([givenName, familyName, birthDate, sex, history], index) => ({
    given_name: givenName,
    family_name: familyName,
    birth_date: birthDate,
    sex,
    mrn: `${prefix}-${String(index + 1).padStart(4, '0')}`,
    email: `${givenName}.${familyName}@example.test`.toLowerCase(),
    phone: `555-0${firstTelephone + index}`,
    address: `${index + 1} ${street}`,
    emergency_contact: `A. ${familyName}, 555-0${firstTelephone + 15 + index}`,
    medical_history: `${history} (Invented.)`,
  }));
}

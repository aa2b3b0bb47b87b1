"""Names of body parts that a DICOM file may give (DICOM PS3.16, annex L; some in wide use)."""

# fmt: off
HEAD_PARTS = frozenset({
    "BRAIN", "CAROTID", "CEREBELLUM", "CHEEK", "CIRCLEOFWILLIS", "CORNEA", "EAR", "EYE", "EYELID",
    "FACE", "HEAD", "HEADNECK", "IAC", "JAW", "LARYNX", "MAXILLA", "MOUTH", "NECK", "NECKCHEST",
    "NECKCHESTABDOMEN", "NECKCHESTABDPELV", "NOSE", "ORBIT", "PAROTID", "PHARYNX", "SCALP",
    "SCLERA", "SKULL", "SUBMANDIBULAR", "TMJ", "TONGUE", "ZYGOMA",
})
"""Of the head, or such that the head may be in the picture with them."""
OTHER_PARTS = frozenset({
    "ABDOMEN", "ABDOMENPELVIS", "ADRENAL", "ANKLE", "AORTA", "ARM", "AXILLA", "BACK",
    "BILEDUCT", "BLADDER", "BREAST", "BRONCHUS", "BUTTOCK", "CALCANEUS", "CALF", "CARDIAC",
    "CERVIX", "CHEST", "CHESTABDOMEN", "CHESTABDPELVIS", "CLAVICLE", "COCCYX", "COLON",
    "CORONARYARTERY", "CSPINE", "CTSPINE", "DUODENUM", "ELBOW", "ESOPHAGUS", "EXTREMITY",
    "FEMUR", "FIBULA", "FINGER", "FOOT", "FOREARM", "GALLBLADDER", "HAND", "HEART", "HIP",
    "HUMERUS", "ILEUM", "ILIUM", "JEJUNUM", "KIDNEY", "KNEE", "LEG", "LIVER", "LSPINE",
    "LSSPINE", "LUMBARSPINE", "LUNG", "MEDIASTINUM", "OVARY", "PANCREAS", "PATELLA", "PELVIS",
    "PENIS", "PROSTATE", "RADIUS", "RADIUSULNA", "RECTUM", "RIB", "SCAPULA", "SCROTUM",
    "SHOULDER", "SPINE", "SPLEEN", "SSPINE", "STERNUM", "STOMACH", "TESTIS", "THIGH", "THORAX",
    "THUMB", "THYMUS", "THYROID", "TIBIA", "TIBIAFIBULA", "TLSPINE", "TOE", "TRACHEA",
    "TSPINE", "ULNA", "URETER", "URETHRA", "UTERUS", "VAGINA", "VULVA", "WHOLEBODY", "WRIST",
})
# fmt: on
"""No part of the head."""


def body_part(word: str) -> str | None:
    """The part that a file names, however it is spaced; none for a word that is no such name.

    People type into this element, and what they type may be the name of a patient.
    """
    part = word.upper().replace(" ", "").replace("_", "")
    return part if part in HEAD_PARTS | OTHER_PARTS else None

// Verifies a bundle with Sigstore's library: node verify.mjs BUNDLE KEY.pem. Prints the payload.
//
// The bundles have no entry in a transparency log and no timestamp: the key is trusted at any time.

import { readFileSync } from "node:fs";
import { createPublicKey } from "node:crypto";
import { bundleFromJSON } from "@sigstore/bundle";
import { Verifier, toSignedEntity } from "@sigstore/verify";

const bundle = bundleFromJSON(JSON.parse(readFileSync(process.argv[2], "utf8")));
const publicKey = createPublicKey(readFileSync(process.argv[3]));
const trust = {
  certificateAuthorities: [],
  timestampAuthorities: [],
  tlogs: [],
  ctlogs: [],
  publicKey: () => ({ publicKey, validFor: () => true }),
};
const verifier = new Verifier(trust, { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0, tsaThreshold: 0 });
verifier.verify(toSignedEntity(bundle));
process.stdout.write(bundle.content.dsseEnvelope.payload);

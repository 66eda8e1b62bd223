/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The subkeys of the master key 00 01 02 ... 1f, by Python:
 *  hashlib.blake2b(digest_size=32, key=master,
 *      salt=struct.pack('<Q', number), person=context).hexdigest()
 */
/* twheader 1 */ "0d01b67ee7a5a92b21c4dbd6dbc390c3"
		 "f3c57e7b73cd7b1fad93c4f916bd36fd",
    /* tw-index 1 */
    "9aa553f4354fcb87e6a09f8eaf6b8b8c"
    "964c6a6c0a935447fa93dcae6b757a2d",
    /* twtokens 1 */
    "3fe9465dd02136660b99a05799cf2a19"
    "7fec0e1d7f17dba06640df3f145fc0ae",
    /* twtokens 2 */
    "4b77f4b6461566c6e7a85839f347c7c2"
    "9e6a2199dbef8ae089df56a4a3d5ad45",
    /* tw-creds 1 */
    "a5058cb10c5f13466ab313019cf5245b"
    "4a9f4bb4d7b585c4a2b541637ff0f989",
    /* tw-creds 2 */
    "f42cfde31a7e0971bb6aa5d3bbc11fb7"
    "c89241c66133ac73a8bcd6348f196a16",
    /* twheader 2 */
    "e8795e28445891e52108fda897297e47"
    "d3b68d5b92ae55b599d665d353ef23da",

BEGIN TRANSACTION;
CREATE TABLE anchor (
	origin TEXT NOT NULL, 
	size BIGINT NOT NULL, 
	root BLOB NOT NULL, 
	block_number BIGINT NOT NULL, 
	block_hash BLOB NOT NULL, 
	"transaction" BLOB NOT NULL, 
	log_index INTEGER NOT NULL, 
	block_time BIGINT NOT NULL, 
	checkpoint TEXT, 
	quorate BOOLEAN NOT NULL, 
	PRIMARY KEY (origin, size)
);
INSERT INTO "anchor" VALUES('demo-1a2b3c4d/beijing/1',2,X'D4735E3A265E16EEE03F59718B9B5D03019C07D8B6C51F90DA3A666EEC13AB35',7,X'3E23E8160039594A33894F6564E1B1348BBD7A0088D42C4ACB73EEAED59C009D',X'E3B98A4DA31A127D4BDE6E43033F66BA274CAB0EB7EB1C70EC41402BF6273DD8',3,9,'note',1);
CREATE TABLE author_jti (
	region TEXT NOT NULL, 
	jti TEXT NOT NULL, 
	author TEXT NOT NULL, 
	statement INTEGER NOT NULL, 
	PRIMARY KEY (region, jti, author), 
	FOREIGN KEY(statement) REFERENCES statement (number)
)
 WITHOUT ROWID

;
INSERT INTO "author_jti" VALUES('beijing','jti-a','urn:uscc:A',1);
INSERT INTO "author_jti" VALUES('beijing','jti-b','urn:uscc:A',2);
CREATE TABLE cosignature (
	origin TEXT NOT NULL, 
	size BIGINT NOT NULL, 
	name TEXT NOT NULL, 
	line TEXT NOT NULL, 
	PRIMARY KEY (origin, size, name)
);
INSERT INTO "cosignature" VALUES('demo-1a2b3c4d/beijing/1',2,'w1','l1');
CREATE TABLE evidence (
	number INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	body_digest BLOB NOT NULL, 
	body TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	PRIMARY KEY (number), 
	UNIQUE (kind, subject, body_digest)
);
INSERT INTO "evidence" VALUES(1,'fork','beijing',X'2D711642B726B04401627CA9FBAC32F5C8530FB1903CC4DB02258717921A4881','x',4);
CREATE TABLE identifier (
	value TEXT NOT NULL, 
	type TEXT NOT NULL, 
	statement INTEGER NOT NULL, 
	ordinal INTEGER NOT NULL, 
	follow BOOLEAN NOT NULL, 
	PRIMARY KEY (value, type, statement), 
	FOREIGN KEY(statement) REFERENCES statement (number)
)
 WITHOUT ROWID

;
INSERT INTO "identifier" VALUES('B-a','bill',1,0,1);
INSERT INTO "identifier" VALUES('B-b','bill',2,0,1);
INSERT INTO "identifier" VALUES('SHARED','container',1,1,0);
INSERT INTO "identifier" VALUES('SHARED','container',2,1,0);
CREATE TABLE leaf (
	origin TEXT NOT NULL, 
	"index" BIGINT NOT NULL, 
	statement INTEGER NOT NULL, 
	received BIGINT NOT NULL, 
	prev_index BIGINT NOT NULL, 
	hash BLOB NOT NULL, 
	PRIMARY KEY (origin, "index"), 
	FOREIGN KEY(origin) REFERENCES log (origin), 
	FOREIGN KEY(statement) REFERENCES statement (number)
)
 WITHOUT ROWID

;
INSERT INTO "leaf" VALUES('demo-1a2b3c4d/beijing/1',0,1,1000,-1,X'57B951FF3E96C784B101C549FD410202D779645AA5847A3E8853F363E22C5BCF');
INSERT INTO "leaf" VALUES('demo-1a2b3c4d/beijing/1',1,2,1001,-1,X'39B141CD2025335E9B651EF7125F878656721DE20DCEF6EAA286310015A7A894');
CREATE TABLE log (
	origin TEXT NOT NULL, 
	region TEXT NOT NULL, 
	epoch INTEGER NOT NULL, 
	PRIMARY KEY (origin)
);
INSERT INTO "log" VALUES('demo-1a2b3c4d/beijing/1','beijing',1);
CREATE TABLE meta (
	name TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "meta" VALUES('schema_version','1');
INSERT INTO "meta" VALUES('cursor','7');
CREATE TABLE outbox (
	number INTEGER NOT NULL, 
	sender BLOB NOT NULL, 
	nonce BIGINT NOT NULL, 
	hash BLOB NOT NULL, 
	origin TEXT NOT NULL, 
	size BIGINT NOT NULL, 
	root BLOB NOT NULL, 
	raw BLOB NOT NULL, 
	done BOOLEAN NOT NULL, 
	PRIMARY KEY (number), 
	UNIQUE (sender, nonce, hash)
);
INSERT INTO "outbox" VALUES(1,X'0101010101010101010101010101010101010101',5,X'D7439BEE24773BCBFA2D0A97947EE36227B10D1022B1A55847E928965BB6BFDE','demo-1a2b3c4d/beijing/1',2,X'D4735E3A265E16EEE03F59718B9B5D03019C07D8B6C51F90DA3A666EEC13AB35',X'726177',0);
CREATE TABLE record_version (
	region TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	issuer TEXT NOT NULL, 
	version BIGINT NOT NULL, 
	statement INTEGER NOT NULL, 
	PRIMARY KEY (region, "key", kind, issuer, version), 
	FOREIGN KEY(statement) REFERENCES statement (number)
)
 WITHOUT ROWID

;
INSERT INTO "record_version" VALUES('beijing','a','declaration','urn:uscc:A',1,1);
INSERT INTO "record_version" VALUES('beijing','b','declaration','urn:uscc:A',1,2);
CREATE TABLE statement (
	number INTEGER NOT NULL, 
	id BLOB NOT NULL, 
	region TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	issuer TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	author TEXT NOT NULL, 
	version BIGINT NOT NULL, 
	prev BLOB, 
	jti TEXT NOT NULL, 
	event_time BIGINT, 
	signed BLOB NOT NULL, 
	disclosures TEXT NOT NULL, 
	PRIMARY KEY (number), 
	UNIQUE (id)
);
INSERT INTO "statement" VALUES(1,X'CA978112CA1BBDCAFAC231B39A23DC4DA786EFF8147C4E72B9807785AFEE48BB','beijing','declaration','urn:uscc:A','a','urn:uscc:A',1,NULL,'jti-a',5,X'682E612E73','d-a~e');
INSERT INTO "statement" VALUES(2,X'3E23E8160039594A33894F6564E1B1348BBD7A0088D42C4ACB73EEAED59C009D','beijing','declaration','urn:uscc:A','b','urn:uscc:A',1,NULL,'jti-b',NULL,X'682E622E73','d-b~e');
CREATE TABLE tile (
	origin TEXT NOT NULL, 
	level INTEGER NOT NULL, 
	"index" BIGINT NOT NULL, 
	root BLOB NOT NULL, 
	data BLOB NOT NULL, 
	PRIMARY KEY (origin, level, "index")
);
INSERT INTO "tile" VALUES('demo-1a2b3c4d/beijing/1',0,0,X'4813494D137E1631BBA301D5ACAB6E7BB7AA74CE1185D456565EF51D737677B2',X'00000000000000000000000000000000');
CREATE INDEX statement_by_author ON statement (author);
CREATE INDEX leaf_by_statement ON leaf (statement);
CREATE INDEX identifier_by_statement ON identifier (statement);
COMMIT;

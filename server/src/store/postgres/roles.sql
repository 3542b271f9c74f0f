-- Run once by the database's administrator: the owner migrates, the runtime role is what the server runs as.
-- Passwords are set afterwards with \password, or the roles are mapped in pg_hba.conf.

CREATE ROLE skranke_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
CREATE ROLE skranke_runtime LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
CREATE DATABASE skranke OWNER skranke_owner ENCODING 'UTF8' TEMPLATE template0;
